"""The HTTP side: from a request to an answer.

`serving` lets in and finds the place that a path names (`requests`); `handlers` has the methods; `parsing`, `wire` and
`decoding` read bodies, `declaring` judges what is applied; `listing` and `watching` read many; `answers` writes.
"""
