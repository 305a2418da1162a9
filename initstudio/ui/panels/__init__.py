"""The panels: each shows the Experiment and replaces it through the Session; none knows another."""
