# Pages in Chromium: they show what rtrace's other commands tell, do what they are asked for,
# take names for what they are, and can be used by those who do not see them.

def number(text):
    return int(re.sub(r"\D", "", text))

def of_class(document, kind):
    return [node for node in document["nodes"] if node["class"] == kind]

def shows_the_batch(driver):
    page = Page(driver, "batch")
    stats = json.loads(Path("batch.stats.json").read_text())
    processes = {node["id"]: node for node in of_class(page.document, "process")}
    by_name = {node["label"]: node for node in processes.values()}

    # What there is, as rtrace stats has it.
    about = [number(text) for text in re.findall(r"[\d,.]+ (?:process|call)", page.text("#about"))]
    assert about == [len(processes), stats["total"]["count"]], (about, page.text("#about"))
    lanes = page.lanes()
    assert lanes.keys() == processes.keys(), (lanes, processes)
    missing = by_name["cat missing.txt"]
    assert all(part in lanes[missing["id"]] for part in ("cat missing.txt", f"pid {missing['pid']}", "exit 1", "deleted"))

    # What failed first, and why, as rtrace query has it.
    failed = json.loads(Path("batch.failed.json").read_text())["results"]["bindings"]
    [reason] = [row["reason"]["value"] for row in failed if row["command"]["value"] == "cat missing.txt"]
    path = re.search(r"\((/[^)]*)\)", reason)[1]
    first = page.text("#wrong li")
    assert all(part in first for part in ("cat missing.txt", path, "ENOENT")), (first, reason)
    page.one("#wrong li button").click()
    page.until("who failed is selected", lambda: page.selected() == missing["id"])

    # A branch and a join: who made it, and who waited for it.
    shell = processes[missing["parent"]]
    for key in "details.parent", "details.waited":
        page.until(f"the details tell {key}", lambda: str(shell["pid"]) in (page.fact(key) or ""))
    rows = {row["pid"]: row for row in stats["rows"]}
    assert number(page.fact("details.calls").split("(")[0].split(",")[0]) == rows[missing["pid"]]["count"], page.fact("details.calls")
    page.until("its events are there", lambda: page.all("#panel .events [role=listitem]"))
    page.until("the failed call is there", lambda: "missing.txt" in page.text("#panel .events"))

    # The address leads there again.
    address = page.until("the address has it", lambda: (a := driver.current_url) if "sel=" in driver.current_url else None)
    page.open(address)
    assert page.selected() == missing["id"]
    page.until("the details are there", lambda: "missing.txt" in page.text("#panel h2"))
    page.accessible("with details")

    # Keys.
    page.select(by_name["sort names"]["id"])
    page.until("the details follow", lambda: "sort names" in page.text("#panel h2"))

    # Search: commands, and what only the names of resources have.
    page.one("#search").send_keys("counted")
    found = page.until("something is found", lambda: [e.text for e in page.all("#found [role=option]")])
    assert any("counted" in text for text in found), found
    page.one("#search").send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    page.until("what was found is selected", lambda: "counted" in page.text("#panel"))
    page.accessible("with a resource")
    page.one("#search").clear()
    page.key(Keys.ESCAPE)

    # Filters, with counts.
    page.all("#tools summary")[0].click()
    box = page.one("fieldset.outcome input[value=failed]")
    count = number(page.run("return arguments[0].closest('label').querySelector('.count').textContent", box))
    assert count == sum(node.get("exit_code", 0) != 0 for node in processes.values()) > 0
    box.click()
    page.until("fewer are shown", lambda: page.all("#tools .active"))
    assert number(page.text("#tools .active summary").split("of")[0]) == count
    page.accessible("with a filter")
    page.one("fieldset.outcome input[value=failed]").click()
    page.sound()

def finds_what_there_is(driver):
    page = Page(driver, "batch")
    page.until("what the processes used is read", lambda: page.run("return document.documentElement.dataset.complete"))
    box = page.one("#search")
    def found(query):
        box.clear()
        box.send_keys(query)
        return page.until(f"{query} is found", lambda: page.run(
            "return rtrace.state.query === arguments[0] && rtrace.loader.busy === 0 && document.querySelector('#found .title') ? "
            "Object.fromEntries(Object.entries(rtrace.matches).filter(([, v]) => v?.items).map(([k, v]) => [k, v.count])) : null", query))
    events = [json.loads(line) for line in Path("batch.jsonl").read_text().splitlines()]
    errors = [event["error"] for event in events if isinstance(event.get("error"), str)]
    assert "ENOENT" in errors, errors
    for error in sorted(set(errors)):
        assert found(error)["errors"] == errors.count(error), (error, found(error), errors.count(error))
    document = page.document
    paths = {node["label"] for node in document["nodes"] if node["class"] == "file" and node["label"].startswith("/")}
    looked_at = {path for node in document["nodes"] for key in ("looked_at", "missed") for path in node.get(key, [])}
    for path in sorted(paths)[:5] + sorted(path for path in looked_at - paths if isinstance(path, str))[:5]:
        there = found(path)
        assert there["resources"] + there["glances"] > 0, (path, there)
    page.sound()

def needs_only_processes_for_its_first_picture(driver):
    page = Page(driver, "batch")
    lanes = page.lanes()
    text = Path("batch.html").read_text()
    bare = re.sub(r'<script type="application/gzip" class="(?:things|events)".*?</script>', "", text, flags=re.S)
    assert len(bare) < len(text)
    Path("batch.bare.html").write_text(bare)
    page = Page(driver, "batch.bare")
    assert page.lanes() == lanes
    assert "cat missing.txt" in page.text("#wrong li") and "ENOENT" in page.text("#wrong li"), page.text("#wrong")
    page.sound()

def speaks_french(driver):
    page = Page(driver, "batch")
    english = page.text("#wrong")
    page.run("""const select = [...document.querySelectorAll('#tools select')].find(e => [...e.options].some(o => o.value === 'fr'));
        select.value = 'fr'; select.dispatchEvent(new Event('change'))""")
    page.until("it is French", lambda: page.run("return document.documentElement.lang") == "fr")
    page.until("its texts are French", lambda: page.text("#wrong") != english)
    french = page.text("#wrong")
    address = page.until("the address has it", lambda: (a := driver.current_url) if "l=fr" in driver.current_url else None)
    page.open(address)
    assert page.text("#wrong") == french
    page.sound()
    page = Page(driver, "batch.fr")
    assert page.text("#wrong") == french, "--lang fr"

def shows_threads(driver):
    page = Page(driver, "threads")
    [process] = of_class(page.document, "process")
    assert process["threads"] > 1
    page.select(process["id"])
    page.key(Keys.ARROW_RIGHT)
    page.until("threads are lanes", lambda: len(page.lanes()) == 1 + process["threads"])
    page.sound()

def takes_names_as_they_are(driver):
    page = Page(driver, "paths")
    assert "<img src=x onerror" in page.text("#tree"), page.text("#tree")
    page.one("#search").send_keys("xxxx")
    page.until("the long path is found", lambda: "x" * 30 in page.text("#found"))
    assert page.run("return document.querySelector('img[src=x]')") is None
    assert page.run("return document.documentElement.scrollWidth <= innerWidth"), "it is wider than the window"
    page.sound()

def can_be_used_at_any_size(driver):
    for width, theme in (390, "dark"), (1280, "light"), (2560, "dark"):
        driver.set_window_size(width, 900)
        page = Page(driver, "batch")
        page.run("rtrace.set({theme: arguments[0]})", theme)
        page.until(theme, lambda: page.run("return document.documentElement.dataset.theme") == theme)
        page.accessible(f"{width} {theme}")
        assert page.run("return document.documentElement.scrollWidth <= innerWidth"), f"{width}: it is wider than the window"
        page.sound()

with chromium() as driver:
    for test in shows_the_batch, finds_what_there_is, needs_only_processes_for_its_first_picture, speaks_french, shows_threads, takes_names_as_they_are, can_be_used_at_any_size:
        test(driver)
