"""Part II: decoupling. A layer that does not wait for its gradient.

In reading order:

    tutorial                    trask's Layer and DNI, the idea in two small classes
    unit                        the same around any core: a core, a guess, two optimizers
    conditioning                what the guess may look at: the output, the label, the input
    synthetic_gradients         the models that guess: linear, or with hidden layers
    conv_synthetic_gradients    the same for images: a small convolutional network
    class_pictures              telling a convolutional guess where
    network                     a chain of units: each one's target is the next one's guess
    true_targets                the same with true gradients as targets: what waiting would give
    bp_lambda                   between a guess and the truth, layer by layer
    critic                      a guess of the loss, and its slope for the gradient
    stale_gradients             what was right for other samples
    sparse_updates              every layer learns when it happens to
    synthetic_inputs            complete unlock: no layer waits for the one below either
    probe                       synthetic beside true gradients, without disturbing training

and through time:

    truncated_bptt              a long sequence, a few steps at a time
    plain_guess                 the models that guess here
    recurrent                   a guess stands in for all that comes after the chunk
    last_step_alone             the core kept in memory, for errors that go back into it
    recurrent_aux               the same, and to foresee the guess of T steps later
    recurrent_label             a guess that sees what is still to be said
    recurrent_bp_lambda         a bit of a guess at every step
    two_networks                one looks at every digit, the other hears of them once every T
    two_clocks                  how they learn: the one waits for the other, or does not
    two_clocks_label            a guess that knows the count of threes so far
    message_probe               synthetic beside true gradients of what the one tells the other

Everything here is built of the layers of Part I.
"""
