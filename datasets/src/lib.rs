//! Plate datasets: labels, scoring, and the rendered sample set.
