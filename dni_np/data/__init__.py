"""Part V: data, on the host, in plain NumPy.

The chapters:

    dataset           what every set looks like to the rest of the package
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
    curriculum        longer and longer: what is solved makes way for the next level
    text              text as numbers, character by character
    text_sources      texts at hand: Python's own library, tiny Shakespeare
    streams           a text cut into parallel streams, read a few steps at a time
    odd_and_threes    a stream of digits for two networks on two clocks

EMNIST's images are transposed in its files, and stay so: turn them to look at them. To a fully
connected network any fixed order of the pixels is the same.
"""
