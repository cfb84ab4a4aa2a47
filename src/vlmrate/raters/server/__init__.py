"""Models behind a server that speaks OpenAI's chat-completions protocol: on this machine, in a lab, or a company's.

A `ServerModel` makes `ServerRater`s; each sends the picture and the question as one user turn, through one `Client`
that retries what may be retried, holds back when the server asks for it, and counts every attempt.
"""
