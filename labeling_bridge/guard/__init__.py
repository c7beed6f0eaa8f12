"""The default-deny layer that runs inside Label Studio.

Community Label Studio shows everybody everything. Here everybody who is not staff gets one lane
(a project of their own) and the few addresses that `policy.py` lists; start reading there.

- `settings` is what Label Studio starts with, `middleware` asks the policy about each request
- `callers`, `visit` read who asks for what; `checks`, `ownership`, `lanes` judge it
- `project_mixin`, `annotation_mixin`, `actions`, `narrowing` close the same doors from inside
- `urls`, `views`, `members`, `drafts`, `health` are Segue's own endpoints under /segue/

It is loaded by Label Studio's interpreter, so it imports Label Studio, Django, the standard
library and services.domain.links, and nothing else.
"""

VERSION = "1"
