"""A page in Chromium, for tests of what it shows."""
import json, re, sys, tempfile
from contextlib import contextmanager
from pathlib import Path
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage
  --disable-background-networking --disable-component-update --disable-sync --lang=en
  --host-resolver-rules=MAP_*_~NOTFOUND --window-size=1280,800""".split()
PATIENCE = 60

@contextmanager
def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS:
        options.add_argument(flag.replace("MAP_*_", "MAP * "))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        options.add_argument(f"--user-data-dir={profile}")
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            yield driver
        finally:
            driver.quit()

class Page:
    """A page in the browser, by what those see of it who use it."""

    def __init__(self, driver, name):
        self.driver, self.name = driver, name
        self.document = json.loads(Path(f"{name.split('.')[0]}.json").read_text())
        self.open(Path(f"{name}.html").resolve().as_uri())

    def open(self, address):
        # Another fragment alone would not load the page anew.
        self.driver.get("about:blank")
        self.driver.get(address)
        self.until("the page is ready", lambda: self.run("return document.documentElement.dataset.ready") == "true")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, what, condition):
        def holds(_):
            try:
                return condition()
            except StaleElementReferenceException:
                return None  # it was just drawn anew
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(holds, f"{self.name}: waited in vain until {what}")

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.until(f"there is {selector}", lambda: next(iter(self.all(selector)), None))

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def word(self, key):
        """A text of the page in its language."""
        return self.run("return rtrace.t(arguments[0])", key)

    def lanes(self):
        """What a screen reader is told of lanes, by their ids."""
        return dict(self.run("return [...document.querySelectorAll('#tree [role=treeitem]')].map(e => [e.dataset.id, e.textContent])"))

    def selected(self):
        return self.run("return document.querySelector('#tree [aria-selected=true]')?.dataset.id ?? null")

    def key(self, *keys):
        self.run("document.getElementById('tree').focus()")
        self.one("#tree").send_keys(*keys)

    def select(self, id):
        """Goes to a lane by the keys."""
        order = list(self.lanes())
        self.key(Keys.ESCAPE)
        for _ in range(2 * len(order)):
            if self.selected() == id:
                return
            before = self.selected()
            self.key(Keys.ARROW_DOWN if before is None or order.index(id) > order.index(before) else Keys.ARROW_UP)
            self.until("another lane is selected", lambda: self.selected() != before)
        raise AssertionError(f"{self.name}: no way to {id}")

    def fact(self, key):
        """What the details say of the selection under that heading."""
        title = self.word(key)
        return self.run("""const dt = [...document.querySelectorAll('#panel dt')].find(e => e.textContent === arguments[0]);
            return dt?.nextElementSibling.textContent ?? null""", title)

    def sound(self):
        """Nothing went wrong in the page, and nothing was taken for markup."""
        try:
            raise AssertionError(f"{self.name}: {self.driver.switch_to.alert.text}")
        except NoAlertPresentException:
            pass
        said = [line for line in self.driver.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]
        assert not said, (self.name, said)
        assert self.run("return document.querySelectorAll('[onerror], body script:not([type])').length") == 0

    def accessible(self, state):
        found = Axe().run(self.driver, options={"resultTypes": ["violations"]})["violations"]
        grave = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
        assert not grave, (self.name, state, grave)
