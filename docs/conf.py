"""How the documentation site is built: `sphinx-build -W --keep-going docs docs/_build/html`.

It is strict: a link, a reference or a page that leads nowhere fails the build. Nothing is fetched from a network.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from percept_cli import __version__  # noqa: E402 - the checkout's own, with the path above
from percept_cli._project import DOCS, REPOSITORY  # noqa: E402

project = "percept"
author = "The percept authors"
copyright = author  # noqa: A001 - Sphinx's name for it
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    # Ours, in _ext: what is rendered from the package itself.
    "command_pages",
    "field_tables",
    "plain_signatures",
    "repository_links",
    "setting_lists",
]
exclude_patterns = ["_build", "_ext", "examples"]

smartquotes_action = "D"  # dashes; quotes stay as they are typed

# Markdown
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
copybutton_prompt_text = r"\$ |>>> |PS> "
copybutton_prompt_is_regexp = True

# Python
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

# Strictness
nitpicky = True
nitpick_ignore_regex = [
    # Types of other packages, and of percept's rooms that have no page of their own. Everything else must resolve.
    (r"py:.*", r"(torch|numpy|PIL|os|pathlib|collections|typing)\..+"),
    (r"py:class", r"(PictureLike|PictureSettings|Noise|Box|(percept_cli\.)?\w+(\.\w+)+)"),
]
linkcheck_ignore = [r"https?://.*"]  # what is outside needs a network, and is somebody else's

# Looks
html_theme = "furo"
html_title = f"percept {version}"
html_baseurl = f"{DOCS}/"
html_static_path = ["_static"]
html_extra_path = ["../percept_cli/judging/percept.schema.json"]  # where percept.toml tells editors to find it
html_css_files = ["percept.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": f"{REPOSITORY}/",
    "source_branch": "main",
    "source_directory": "docs/",
    "footer_icons": [],
    "top_of_page_buttons": [],
}
pygments_style = "tango"
pygments_dark_style = "github-dark"
