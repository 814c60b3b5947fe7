"""Files are watched, whether an editor writes into them or puts others in their place."""

import asyncio

from contract_first.service.watching import watching

PATIENCE_SECONDS = 30


async def test_files_that_are_replaced_appear_and_go(tmp_path):
    """Each is noticed; a file that is none of them is not."""
    folder, beside = tmp_path / "watched", tmp_path / "beside"
    folder.mkdir()
    beside.mkdir()
    first = folder / "first.yaml"
    first.write_text("1")
    sentences: asyncio.Queue[str] = asyncio.Queue()

    def files():
        return [*folder.glob("*.yaml"), *beside.glob("*.yaml")]

    async def reload():
        return " ".join(sorted(file.name for file in files()))

    async def next_sentence():
        return await asyncio.wait_for(sentences.get(), PATIENCE_SECONDS)

    async with watching(files, reload, sentences.put_nowait):
        (folder / "other.txt").write_text("none of them")
        for text in ("22", "333"):
            new = folder / ".first.new"
            new.write_text(text)
            new.replace(first)
            assert await next_sentence() == "first.yaml"
        (folder / "second.yaml").write_text("1")
        assert await next_sentence() == "first.yaml second.yaml"
        first.unlink()
        assert await next_sentence() == "second.yaml"


async def test_what_cannot_be_watched(tmp_path, monkeypatch):
    """A limit of the system ends neither what is served nor its end; the sentence says what helps."""

    def refuse(*_, **__):
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr("watchfiles.main.RustNotify", refuse)
    sentences = []
    async with watching(lambda: [tmp_path / "o.yaml"], None, sentences.append):
        pass
    (sentence,) = sentences
    assert sentence.startswith("Files cannot be watched: OS file watch limit reached.")
    assert "WATCHFILES_FORCE_POLLING=true" in sentence
