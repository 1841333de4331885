"""Data: data sets and sequences, as NumPy arrays on the host.

    dataset           the class of every data set
    binary_addition   two numbers in, their sum out, bit by bit
    idx               MNIST's file format, with every way a file can be broken
    idx_folder        a set of images in it, with every name its files can have
    mnist             the 70,000 handwritten digits
    cifar10_records   CIFAR-10's file format
    cifar10_folder    a set of images in it
    cifar10           60,000 color photographs
    folders           files in folders within folders
    download          mirrors, checksums, a cache folder
    digits            1,797 small digits that need no download
    choose            from a name on the command line to a set
    batches           shuffled minibatches that can be stopped and resumed

Sequences, time first, for recurrent networks:

    copy_tasks        read symbols, write them from memory, once or R times
    curriculum        levels of growing length: a solved level is followed by the next
    text              text as numbers, character by character
    text_sources      texts at hand: Python's own library, tiny Shakespeare
    streams           a text cut into parallel streams, read a few steps at a time
    odd_and_threes    a stream of digits for two networks on two clocks

EMNIST's images are transposed in its files, and stay so: transpose them to display them. To a fully
connected network any fixed order of the pixels is the same.
"""
