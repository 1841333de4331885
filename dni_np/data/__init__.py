"""Data: data sets and sequences, as NumPy arrays on the host.

    dataset           the class of every data set
    binary_addition   from the bits of two numbers to the bits of their sum
    idx               MNIST's file format; damaged files are refused
    idx_folder        a set of images in it, under the names that occur in practice
    mnist             the 70,000 handwritten digits
    cifar10_records   CIFAR-10's file format
    cifar10_folder    a set of images in it
    cifar10           60,000 color photographs
    folders           files in folders within folders
    download          mirrors, checksums, a cache folder
    digits            1,797 small digits that need no download
    choose            the set that a name on the command line stands for
    batches           shuffled minibatches that can be stopped and resumed

Sequences, time first, for recurrent networks:

    copy_tasks        read symbols, write them from memory, once or R times
    curriculum        levels of growing length: a solved level is followed by the next
    text              the characters of a text as integers
    text_sources      Python's own library, tiny Shakespeare
    streams           a text cut into parallel streams, read a few steps at a time
    odd_and_threes    a stream of digits for two networks on two clocks

EMNIST's images are transposed in its files, and stay so: transpose them to display them. To a fully
connected network any fixed order of the pixels is the same.
"""
