"""Several models, and several versions of a model.

- `several_models`: create the services of all models
- `changes`: apply changed settings
- `served_model`: the service of a model, whose versions predict in turn
- `version`: load, replace and unload one version; `to_the_end`: even if the client disconnects
- `traffic`: which version predicts for a request; `leases`: which requests use a version
- `source_tag`: whether another load may give another model
- `setting_names`: names of settings in messages
- `retirement`: release what a version held
- `shadow`: predictions that clients do not see
"""
