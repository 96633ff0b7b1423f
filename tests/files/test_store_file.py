"""An upload becomes an immutable row only after its content is safe on the disk."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction

from copydesk.accounts.models import Membership
from copydesk.files import gateway
from copydesk.files.actions import store_file
from copydesk.files.errors import EmptyFile, FileTooLarge, FileTypeNotAllowed
from copydesk.files.models import File
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, files, tenancy
from tests.factories.accounts import actor


@pytest.fixture
def website(db: None) -> Iterator[Website]:
    row = tenancy.website()
    with website_scope(row.pk):
        yield row


@pytest.fixture
def client(website: Website) -> Membership:
    return accounts.membership(website)


def test_a_file_is_kept_under_its_hash(client: Membership) -> None:
    row = store_file(files.upload("../notes.txt", b"Some text."), by=actor(client))
    digest = hashlib.sha256(b"Some text.").hexdigest()
    assert (row.name, row.content_type, row.size, row.sha256) == ("notes.txt", "text/plain", 10, digest)
    assert row.uploader_id == client.pk
    assert row.storage_key == f"{client.website_id}/{digest[:2]}/{digest}"
    assert gateway.open_content(row).read() == b"Some text."


def test_hash_and_size_are_those_of_the_cleaned_bytes(client: Membership) -> None:
    row = store_file(files.upload("essay.docx", files.docx()), by=actor(client))
    kept = gateway.open_content(row).read()
    assert kept != files.docx()
    assert (row.size, row.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())


def test_the_same_content_is_kept_once_a_website(client: Membership) -> None:
    one = store_file(files.upload("a.txt"), by=actor(client))
    two = store_file(files.upload("b.txt"), by=actor(client))
    assert one.pk != two.pk
    assert one.storage_key == two.storage_key
    other = tenancy.website("borealis")
    with website_scope(other.pk):
        three = store_file(files.upload("a.txt"), by=actor(accounts.membership(other)))
    assert three.storage_key != one.storage_key


def test_content_cut_off_by_a_crash_is_written_again(client: Membership) -> None:
    digest = hashlib.sha256(b"Some text.").hexdigest()
    key = f"{client.website_id}/{digest[:2]}/{digest}"
    default_storage.save(key, ContentFile(b"Some"))
    row = store_file(files.upload(), by=actor(client))
    assert row.storage_key == key
    assert gateway.open_content(row).read() == b"Some text."


def test_nothing_unfinished_is_left_beside(client: Membership) -> None:
    store_file(files.upload(), by=actor(client))
    assert [path.name for path in Path(settings.MEDIA_ROOT).rglob(".unfinished-*")] == []


def test_a_failed_write_leaves_no_row_and_no_rest(client: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    content = b"A text that does not fit."
    monkeypatch.setattr("copydesk.files.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store_file(files.upload("big.txt", content), by=actor(client))
    digest = hashlib.sha256(content).hexdigest()
    assert not default_storage.exists(f"{client.website_id}/{digest[:2]}/{digest}")
    assert [path.name for path in Path(settings.MEDIA_ROOT).rglob(".unfinished-*")] == []
    assert not File.objects.of(client.website_id).exists()


def test_a_row_is_never_changed_or_removed(client: Membership) -> None:
    row = store_file(files.upload(), by=actor(client))
    rows = File.objects.of(client.website_id)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(name="other.txt")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    assert rows.get().name == row.name


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("empty.txt", b"", EmptyFile),
        ("tool.exe", b"MZ", FileTypeNotAllowed),
        ("macro.docm", b"PK", FileTypeNotAllowed),
        ("noextension", b"text", FileTypeNotAllowed),
        ("page.html", b"<html>", FileTypeNotAllowed),
        ("drawing.svg", b"<svg/>", FileTypeNotAllowed),
        ("big.txt", b"x" * 2001, FileTooLarge),
    ],
)
def test_refusals_keep_nothing(client: Membership, name: str, content: bytes, refusal: type[Exception]) -> None:
    store_policy(client.website, "files", {"max_bytes": 2000})
    with pytest.raises(refusal):
        store_file(files.upload(name, content), by=actor(client))
    assert not File.objects.of(client.website_id).exists()


def test_a_website_narrows_its_types_and_cannot_widen_them(client: Membership) -> None:
    store_policy(client.website, "files", {"types": ["txt", "exe"]})
    with pytest.raises(FileTypeNotAllowed) as refused:
        store_file(files.upload("tool.exe", b"MZ"), by=actor(client))
    assert refused.value.context == {"allowed": ["txt"]}
    with pytest.raises(FileTypeNotAllowed):
        store_file(files.upload("a.pdf", files.pdf()), by=actor(client))
    assert store_file(files.upload("a.TXT"), by=actor(client)).content_type == "text/plain"
