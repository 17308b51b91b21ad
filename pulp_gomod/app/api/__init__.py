"""
What every endpoint of the REST API has in common: how much a query may ask for, and errors.

Loaded while REST framework loads itself, so it imports no views.

bounds -> what a query may cost
parsers -> what a JSON body has to be
errors -> what bad input is answered with
described -> what the OpenAPI schema has besides the views
middleware -> what views never see
"""
