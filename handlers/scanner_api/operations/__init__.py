"""One module a tag, one async function an operation.

A handler's parameters are the operation's own (Python names: ``X-Thing`` is ``x_thing``, ``id`` is
``id_``), ``body`` for a request body, ``caller`` for who calls, ``schemas`` for the contract's named ones,
and the collaborators that :mod:`scanner_api.app` hands over, each asked for by name. It returns the response
body, or an :class:`~contract_first.Response` where it must say more, and raises a
:class:`~contract_first.Problem`: NotFound for every id that is unknown, or not the caller's to see.
"""
