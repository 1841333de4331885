"""Rules: which gradient each layer learns from, and when. One rule a page.

    rule                         the base class: what every rule must offer
    chain                        rules whose layers learn on the way up, perhaps in several places
    loss_unit                    the top of a network: its one part that sees the loss
    backprop                     the true gradient for every layer
    no_backprop                  no gradient below the top ("No Bprop", Jaderberg et al. 2017)
    dni_chain                    a chain of units: each one's target is made of the next one's guess
    lambda_targets               guesses learn from what skips other guesses, in part
    late_targets                 targets come some batches late: what that costs, and what helps
    true_targets                 the same with true gradients as targets: what waiting would give
    target_guesses               targets made by copies of the guesses that change now and then
    bp_lambda                    a weighted mean of the guess and the backpropagated gradient
    critic                       a guess of the loss; its derivative serves as the gradient
    sparse_updates               every layer is updated at random, independently of the others
    complete_unlock              no layer waits for the one below either
    feedback_alignment           backpropagation through fixed random weights
    direct_feedback_alignment    the output's error, through fixed random weights to every layer
    kickback                     the output's error times a unit's influence on the next layer
    local_losses                 an auxiliary classifier for every layer

    recurrent/       through time: chunks of a long sequence
    two_networks/    two networks that run at different speeds
"""
