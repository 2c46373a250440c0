"""A Chatwoot to develop against: its signed webhooks, its API, its refusals, in memory, with a page to talk through.

What it does follows from observed behaviour of Chatwoot 4.16.2; none of Chatwoot's code or data lives here.
`world` holds the records and what may happen to them, `webhooks` tells the outside, `api` answers it,
`driving` is the customer's and the teammates' hands, `page` their face.
"""
