import pytest
from flask import Flask
from werkzeug.exceptions import PreconditionRequired

from backend.kernel.errors import StaleError
from backend.web.etags import etag_of, seen_version, this_edit


def sent(app: Flask, if_match: str | None) -> object:
    """A request with this `If-Match`."""
    return app.test_request_context(headers={} if if_match is None else {"If-Match": if_match})


class TestSeenVersion:
    def test_it_is_the_version_of_the_etag_that_was_given_out(self, app: Flask) -> None:
        with sent(app, etag_of(7)):
            version = seen_version()

        assert version == 7

    @pytest.mark.parametrize("header", [None, "*"])
    def test_it_is_none_when_the_caller_names_none(self, app: Flask, header: str | None) -> None:
        with sent(app, header):
            version = seen_version()

        assert version is None

    @pytest.mark.parametrize("header", ["7", 'W/"7"', '"x"', '""', '"7', '"7", "8"', '"\u0667"'])
    def test_an_etag_that_is_none_of_ours_is_stale(self, app: Flask, header: str) -> None:
        with sent(app, header), pytest.raises(StaleError):
            seen_version()


class TestThisEdit:
    @pytest.mark.parametrize("header", [None, "*"])
    def test_an_edit_that_names_no_version_is_refused(self, app: Flask, header: str | None) -> None:
        with sent(app, header), pytest.raises(PreconditionRequired, match="If-Match"):
            this_edit()
