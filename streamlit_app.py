"""``streamlit run streamlit_app.py``: the server's entry and, run again by each page, the screens."""

import os
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:
    # Imported once by the server: build the house and what stands around it.
    from vig.app.house import House
    from vig.app.network import NAMES
    from vig.ui import desk
    from vig.ui.parts import ASSETS
    from vig.web.porch import Porch
    from vig.web.reach import allowed
    from vig.web.server import around, keep_open

    house = House(Path(os.environ.get("VIG_HOME", "storage")), worker=True)
    certificate = st.get_option("server.sslCertFile")
    porch = Porch(house, **allowed(os.environ.get(NAMES, ""), certificate))
    if key_file := os.environ.get("VIG_KEY_FILE"):
        keep_open(porch, Path(key_file))
    desk.seat(house, porch.name_of)
    app = st.App(
        __file__, **around(house, {"ui": ASSETS, "fonts": ASSETS / "assets" / "fonts"}, porch)
    )
else:
    from vig.ui.main import draw

    draw()
