"""Sessions for what is fetched beside the API."""

import requests
from requests.utils import get_auth_from_url


class UrlFirstSession(requests.Session):
    """
    A session for which a URL's own credentials count more than those that netrc has for its host.

    requests by itself takes netrc's, so that a wrong password in a URL would pass unnoticed, and somebody
    would be asked as somebody else than the user has said.
    """

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request with the credentials of its URL, if it has any and nothing else was said."""
        said = get_auth_from_url(str(request.url))
        if request.auth is None and not self.auth and any(said):
            request.auth = said
        return super().prepare_request(request)

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Keep the credentials on redirects that stay at the host; netrc is for other hosts."""
        before = prepared_request.headers.get("Authorization")
        super().rebuild_auth(prepared_request, response)
        asked, url = str(response.request.url), str(prepared_request.url)
        if before is not None and not self.should_strip_auth(asked, url):
            prepared_request.headers["Authorization"] = before
