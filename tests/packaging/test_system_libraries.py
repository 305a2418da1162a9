"""What Qt lacks is found and named exactly."""

from system_libraries import QT_LIBRARIES, XVFB, install_commands, missing

EVERYTHING = {item.name for item in QT_LIBRARIES}


def test_nothing_is_missing_from_a_full_system() -> None:
    assert missing(QT_LIBRARIES, EVERYTHING, has_font=True) == []


def test_what_the_loader_does_not_know_is_missing() -> None:
    lacking = missing(QT_LIBRARIES, EVERYTHING - {"libEGL.so.1"}, has_font=False)
    assert [item.apt for item in lacking] == ["fonts-dejavu-core", "libegl1"]


def test_without_ldconfig_libraries_count_as_there_but_programs_do_not() -> None:
    lacking = missing([*QT_LIBRARIES, XVFB], None, has_font=True, which=lambda _name: None)
    assert lacking == [XVFB]


def test_the_commands_name_each_package_once() -> None:
    wanted = ("libxcb-randr.so.0", "libxcb-icccm.so.4", "libxcb-sync.so.1")
    lacking = [item for item in QT_LIBRARIES if item.name in wanted]
    assert install_commands(lacking) == [
        "sudo apt-get install libxcb-icccm4 libxcb-randr0 libxcb-sync1",
        "sudo dnf install xcb-util-wm libxcb",
        "sudo pacman -S xcb-util-wm libxcb",
    ]
