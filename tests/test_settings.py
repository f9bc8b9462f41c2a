from pathlib import Path

import pytest

from billing_app.settings import (
    ROOT,
    UnsafeSettings,
    list_problems,
    load_settings,
    read_settings,
)

KEY = "k" * 32
SCALED = {
    "DATABASE_URL": "postgresql+psycopg://tallyport@db/tallyport",
    "REFLEX_REDIS_URL": "redis://:secret@redis:6379/0",
    "SECRET_KEY": KEY,
}


def problems(**environ: str) -> str:
    return "\n".join(list_problems(read_settings(environ)))


class TestReadSettings:
    def test_needs_nothing(self):
        settings = read_settings({})

        assert settings.data_dir == ROOT / ".data"
        assert settings.public_url == "http://localhost:8000"
        assert settings.database_url == f"sqlite:///{ROOT / '.data' / 'tallyport.db'}"
        assert settings.is_embedded
        assert list_problems(settings) == ()

    def test_an_empty_variable_is_not_set(self):
        assert read_settings({"SMTP_URL": " ", "PORT": ""}) == read_settings({})

    def test_a_slash_behind_the_public_url_does_not_matter(self):
        settings = read_settings({"PUBLIC_URL": "https://Billing.example.com:443/"})

        assert settings.public_url == "https://billing.example.com"

    @pytest.mark.parametrize("typed", ["eighty", "-1", "8000.5", "８０００"])
    def test_refuses_a_port_that_is_no_number(self, typed: str):
        with pytest.raises(UnsafeSettings, match="PORT must be a whole number"):
            read_settings({"PORT": typed})

    def test_shows_no_secret(self):
        shown = repr(read_settings({**SCALED, "SMTP_URL": "smtp://me:hush@mail"}))

        assert "secret" not in shown.replace("secret_key", "")
        assert KEY not in shown
        assert "hush" not in shown


class TestListProblems:
    @pytest.mark.parametrize(
        ("environ", "sentence"),
        [
            ({"PUBLIC_URL": "http://billing.example.com"}, "https://"),
            ({"PUBLIC_URL": "billing.example.com"}, "whole address"),
            ({"PUBLIC_URL": "https://*.example.com"}, "one host"),
            ({"PUBLIC_URL": "https://billing.example.com/app"}, "no path"),
            ({"PUBLIC_URL": "https://me@billing.example.com"}, "name or a password"),
            ({"PUBLIC_URL": "https://billing.example.com:port"}, "whole address"),
            ({"PORT": "70000"}, "PORT"),
            ({"TRUSTED_PROXY_HOPS": "99"}, "TRUSTED_PROXY_HOPS"),
            ({"SECRET_KEY": "changeme"}, "at least 32"),
            ({**SCALED, "SECRET_KEY": ""}, "SECRET_KEY must be set"),
            ({"DATABASE_URL": "mysql://db/x"}, "DATABASE_URL"),
            ({**SCALED, "REFLEX_REDIS_URL": "redis://redis:6379"}, "password"),
            ({**SCALED, "REFLEX_REDIS_URL": "http://redis"}, "redis://"),
            ({"WORKERS": "4"}, "WORKERS above 1"),
            ({"WORKERS": "0"}, "WORKERS"),
            ({"STRIPE_API_BASE": "https://stripe.example"}, "STRIPE_API_BASE"),
            ({"STRIPE_WEBHOOK_TOLERANCE_SECONDS": "0"}, "played again"),
            ({"SMTP_URL": "smtp://mail.example"}, "MAIL_FROM"),
            ({"SMTP_URL": "mail.example", "MAIL_FROM": "a@b.example"}, "SMTP_URL"),
        ],
    )
    def test_refuses_what_is_unsafe(self, environ: dict[str, str], sentence: str):
        assert sentence in problems(**environ)

    @pytest.mark.parametrize(
        "environ",
        [
            {"PUBLIC_URL": "https://billing.example.com"},
            {"PUBLIC_URL": "http://127.0.0.1:9000"},
            {"PUBLIC_URL": "http://192.168.1.5:8000", "TALLYPORT_DEMO": "1"},
            {**SCALED, "WORKERS": "4"},
            {**SCALED, "REFLEX_REDIS_URL": "redis://127.0.0.1:6379"},
            {"STRIPE_API_BASE": "http://127.0.0.1:8000/sandbox"},
            {"SMTP_URL": "smtps://me:pw@mail.example", "MAIL_FROM": "a@b.example"},
        ],
    )
    def test_accepts_what_is_safe(self, environ: dict[str, str]):
        assert problems(**environ) == ""


class TestOrigins:
    def test_of_a_public_host_is_that_host_alone(self):
        settings = read_settings({"PUBLIC_URL": "https://billing.example.com"})

        assert settings.origins == ("https://billing.example.com",)

    def test_of_this_machine_are_all_its_names(self):
        settings = read_settings({"PORT": "8080"})

        assert settings.origins == (
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        )

    def test_checkout_is_at_stripe_or_at_the_sandbox(self):
        sandbox = {"STRIPE_API_BASE": "http://localhost:8000/sandbox/stripe"}

        assert read_settings({}).checkout_origins == ("https://checkout.stripe.com",)
        assert read_settings(sandbox).checkout_origins == ("http://localhost:8000",)


class TestLoadSettings:
    def test_says_everything_that_is_wrong_at_once(self):
        unsafe = {"PUBLIC_URL": "ftp://x", "SECRET_KEY": "short"}

        with pytest.raises(UnsafeSettings) as refusal:
            load_settings(unsafe)

        assert len(refusal.value.problems) == 2

    def test_makes_a_secret_once_and_keeps_it(self, tmp_path: Path):
        environ = {"DATA_DIR": str(tmp_path / "data")}

        first, second = load_settings(environ), load_settings(environ)

        key = tmp_path / "data" / "secret.key"
        assert first.secret_key == second.secret_key == key.read_text().strip()
        assert len(first.secret_key) >= 32
        assert key.stat().st_mode & 0o777 == 0o600
        assert [file.name for file in key.parent.iterdir()] == ["secret.key"]


class TestGuestInvoices:
    def test_are_off_unless_somebody_says_so(self):
        assert not read_settings({}).guest_invoices
        assert read_settings({"GUEST_INVOICES": "1"}).guest_invoices

    def test_are_on_in_the_demo_unless_somebody_says_no(self):
        demo = {"TALLYPORT_DEMO": "1"}

        assert read_settings(demo).guest_invoices
        assert not read_settings({**demo, "GUEST_INVOICES": "0"}).guest_invoices

    def test_anything_else_is_refused(self):
        with pytest.raises(UnsafeSettings, match="GUEST_INVOICES"):
            read_settings({"GUEST_INVOICES": "yes"})
