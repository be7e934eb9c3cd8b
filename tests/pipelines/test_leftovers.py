"""What a retraining that was killed leaves behind."""

from pipelines.leftovers import clear_leftovers, making_folder


class NoRuns:
    """A registry in which nothing runs."""

    def end_left_running(self):
        return 0


def test_the_next_retraining_deletes_the_folder_of_one_that_was_killed_and_nothing_else(tmp_path):
    (tmp_path / "bundles").mkdir()
    with making_folder(tmp_path) as folder:
        (folder / "candidate").mkdir()
        assert folder.parent == tmp_path
        clear_leftovers(NoRuns(), tmp_path)
        assert [each.name for each in tmp_path.iterdir() if each.is_dir()] == ["bundles"]


def test_the_next_retraining_deletes_what_a_publication_that_was_killed_had_copied_and_no_bundle(tmp_path):
    for name in (".publishing-x1/b", "b"):
        (tmp_path / "bundles" / name).mkdir(parents=True)
        (tmp_path / "bundles" / name / "bundle.json").write_bytes(b"{}")
    clear_leftovers(NoRuns(), tmp_path)
    assert [each.name for each in (tmp_path / "bundles").iterdir()] == ["b"]
    assert (tmp_path / "bundles" / "b" / "bundle.json").exists()


def test_a_folder_to_make_a_bundle_in_goes_at_the_end(tmp_path):
    with making_folder(tmp_path):
        pass
    assert not list(tmp_path.iterdir())
