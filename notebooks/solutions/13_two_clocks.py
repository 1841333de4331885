"""Solutions of the cells to write in notebook 13; the tests run them in their place."""


def decoupled_step(a, b, guess, optimizer_a, optimizer_b, optimizer_guess, stream):
    state, messages = a.core.initial_state(len(stream[0].odd)), []
    for k, chunk in enumerate(stream):
        (logits, message), state, cache = a.forward(chunk.x, state, start=k * T)
        dmessage, _ = guess.forward(message)
        a.backward(loss(logits, chunk.odd)[1], 10 * dmessage, cache)
        optimizer_a.step()
        messages.append(message)
    true = train_b(b, optimizer_b, messages, stream[-1].threes)
    fit_guess(guess, optimizer_guess, messages, true)
