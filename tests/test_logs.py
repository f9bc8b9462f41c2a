import io
import logging

import pytest

from billing_app.logs import redact, redact_logs


class TestRedact:
    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("GET /p/Zm9vYmFyYmF6cXV4 200", "GET /p/*** 200"),
            ("GET /c/Zm9vYmFyYmF6cXV4/invoices", "GET /c/***/invoices"),
            ("/_event/?token=abc-1&x=2", "/_event/?token=***&x=2"),
            ("?client_token=abc HTTP", "?client_token=*** HTTP"),
            ("{'cookie': 'a=1; b=2', 'host': 'h'}", "{'cookie': '***', 'host': 'h'}"),
            ('{"authorization": "Bearer x"}', "{\"authorization\": '***'}"),
            (
                r"{'password': 'it\'s', 'email': 'e'}",
                "{'password': '***', 'email': 'e'}",
            ),
            (
                "for Event(name='a.b', payload={'text': 'Dear ...'}) [txid=1]:",
                "for Event(name='a.b', ***)",
            ),
            ("Event data: {'name': 'x'}", "Event data: ***"),
            (
                "Failed to deserialize event data: [1].",
                "Failed to deserialize event data: ***",
            ),
            (
                "Error transforming event argument 'amount' with value 'x\nand type "
                "hint' and type hint '<class 'int'>'",
                "Error transforming event argument 'amount' with value ***",
            ),
            (
                "handler.crashed reported_as=5012c7",
                "handler.crashed reported_as=5012c7",
            ),
            ("redis://:hush@redis:6379", "redis://:***@redis:6379"),
            ("postgresql+psycopg://me:hush@db/x", "postgresql+psycopg://me:***@db/x"),
            ("key sk_live_51abc was refused", "key sk_live_*** was refused"),
            ("whsec_123abc", "whsec_***"),
            # Cut off in the middle.
            ("{'cookie': 'a=1; b=2", "{'cookie': '***'"),
            ("{'cookie': 'a=1\\", "{'cookie': '***'"),
            ("redis://me:hu", "redis://me:***"),
            ("redis://me:123@", "redis://me:***@"),
        ],
    )
    def test_masks_secrets(self, text: str, masked: str):
        assert redact(text) == masked

    def test_leaves_other_words_alone(self):
        sentence = "invoice.published number=INV-00001 path=/invoices/12"

        assert redact(sentence) == sentence

    @pytest.mark.parametrize("end", ["", ".", "'})", "/x", " is there"])
    def test_a_port_is_no_password(self, end: str):
        sentence = f"served at http://localhost:8000{end}"

        assert redact(sentence) == sentence

    @pytest.mark.parametrize("longest", range(10, 45))
    def test_a_password_that_is_cut_off_is_masked(self, longest: int):
        entry = redact("redis://me:hush-hush-hush-hush@redis:6379/0", longest)

        assert "hu" not in entry

    def test_a_line_break_forges_no_entry(self):
        assert (
            redact("name=x\r\nERROR all is lost") == "name=x\\r\n    ERROR all is lost"
        )

    def test_what_a_terminal_would_obey_is_spelled_out(self):
        assert (
            redact("a\x1b[31m\x9b\u202e\ud800\tb") == r"a\x1b[31m\x9b\u202e\ud800" "\tb"
        )

    @pytest.mark.parametrize("letters", ["Z", "0", "a.", "://a:", "'code': "])
    def test_a_megabyte_of_a_stranger_is_one_short_entry(self, letters: str):
        entry = redact(letters * (1_000_000 // len(letters)))

        assert len(entry) < 25_000
        assert entry.endswith("more characters)")


class TestRedactLogs:
    @pytest.fixture(autouse=True)
    def masked(self):
        before = logging.getLogRecordFactory()
        redact_logs()
        yield
        logging.setLogRecordFactory(before)

    @pytest.fixture
    def written(self):
        """What an ordinary handler of somebody else's logger writes."""
        stream = io.StringIO()
        logger = logging.getLogger("somebody.else")
        handler = logging.StreamHandler(stream)
        logger.addHandler(handler)
        yield stream
        logger.removeHandler(handler)

    def test_masks_arguments_of_any_logger(self, written: io.StringIO):
        logging.getLogger("somebody.else").error("event %s", {"cookie": "sid=1"})

        assert written.getvalue() == "event {'cookie': '***'}\n"

    def test_masks_tracebacks(self, written: io.StringIO):
        try:
            int("/p/Zm9vYmFyYmF6cXV4")
        except ValueError:
            logging.getLogger("somebody.else").exception("failed")

        assert "ValueError: invalid literal" in written.getvalue()
        assert "Zm9v" not in written.getvalue()

    def test_a_flood_is_written_in_brief_until_the_next_minute(
        self, written: io.StringIO, monkeypatch
    ):
        now = [1_000_000_020.0]
        monkeypatch.setattr("logging.time.time", lambda: now[0])
        logger = logging.getLogger("somebody.else")
        for _ in range(60):
            logger.error("x" * 19_000)
        flood = written.tell()
        logger.error("handler.crashed\n" + "y" * 19_000)
        brief = written.tell() - flood
        now[0] += 60
        logger.error("z" * 19_000)

        assert flood < 1_100_000
        assert brief < 300
        assert "handler.crashed" in written.getvalue()
        assert written.getvalue().endswith("z" * 19_000 + "\n")

    def test_a_flood_still_says_what_was_wrong(self, written: io.StringIO, monkeypatch):
        monkeypatch.setattr("logging.time.time", lambda: 1_000_000_020.0)
        logger = logging.getLogger("somebody.else")
        for _ in range(60):
            logger.error("x" * 19_000)
        flood = written.tell()
        try:
            int("/p/Zm9vYmFyYmF6cXV4" + "z" * 1_000)
        except ValueError:
            logger.exception("handler.crashed" + "y" * 19_000)
        brief = written.getvalue()[flood:]

        assert brief.startswith("handler.crashed")
        assert "\n    ValueError: invalid literal" in brief
        assert "Zm9v" not in brief
        assert len(brief) < 600

    def test_is_done_once(self):
        factory = logging.getLogRecordFactory()

        redact_logs()

        assert logging.getLogRecordFactory() is factory
