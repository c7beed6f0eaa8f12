import subprocess
import sys

from models.isolated import ROOT


def test_the_package_itself_imports_nothing_heavy():
    code = "import sys, models; print({'av', 'numpy', 'torch'} & set(sys.modules) or 'light')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "light"


def test_ingest_and_prelabel_need_no_torch():
    code = "import sys, models.isolated, models.prelabel; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
