"""The smallest page there is, for comparison: a slider, and a picture of 64 × 64 pixels that follows it."""

import numpy as np
import streamlit as st

value = st.slider("Brightness", 0, 255, 100)
st.title("Bare")
st.image(np.full((64, 64, 3), value, np.uint8))
