# The page of two runs: their lanes over each other, what is different beside them.

def word(page, key):
    return page.run("return rtrace.t(arguments[0])", key)

def beside(driver):
    page = Page(driver, "both")
    lanes = page.lanes()
    order = list(lanes)
    sides = [lane.split(",")[0] for lane in lanes.values()]
    assert set(sides) == {"A", "B"}, lanes
    # Lanes of processes that are the same are next to each other, that of A first.
    pairs = page.run("return [...rtrace.comparison.partners].filter(([a]) => rtrace.comparison.told.a.key === a.slice(0, 12))")
    assert len(pairs) > 3, pairs
    for a, b in pairs:
        assert order.index(b) == order.index(a) + 1, (a, b, order)
        assert lanes[a].startswith("A, ") and lanes[b].startswith("B, ")

    # Both begin at the left.
    starts = page.run("return [...rtrace.model.runs.values()].map(({processes: [first]}) => first.start)")
    assert starts == [0, 0], starts

    # What differs is marked, and what is the same is not.
    def lane(side, command):
        return next(text for text in lanes.values() if text.startswith(f"{side}, ") and command in text)
    assert word(page, "compare.changed") in lane("B", "cat config.ini")
    assert word(page, "compare.onlyA") in lane("A", "sort")
    for key in "compare.changed", "compare.onlyA", "compare.onlyB":
        assert word(page, key) not in lane("A", "alert(1)")

    # The findings are those of the document, the cause first.
    findings = page.document["findings"]
    told = page.run("return [...document.querySelectorAll('.findings li .what')].map(e => e.textContent)")
    assert told[0] == findings[0]["what"] and "config.ini is missing" in told[0], told
    assert len(told) >= min(len(findings), 8), told
    page.accessible("the comparison")

    # One leads to its lane, and stays to be read.
    page.one(".findings li.cause button").click()
    page.until("its process is selected", lambda: "cat config.ini" in lanes.get(page.selected() or "", ""))
    assert page.all(".findings li.cause")

    # Both lanes of a pair are closed together.
    root = pairs[0][1]
    page.select(root)
    page.key(Keys.ARROW_LEFT)
    page.until("the children are hidden", lambda: set(page.lanes()) == set(pairs[0]))
    page.key(Keys.ARROW_RIGHT)
    page.until("they are there again", lambda: len(page.lanes()) == len(lanes))
    page.accessible("a selection")
    page.sound()

def in_other_words(driver):
    page = Page(driver, "both")
    page.run("rtrace.set({language: 'fr', theme: 'dark'})")
    page.until("it is French", lambda: word(page, "compare.differ") == page.text(".findings h2") != "The runs differ.")
    page.accessible("dark")
    page.sound()

def equivalent(driver):
    page = Page(driver, "same")
    assert page.text(".findings h2") == word(page, "compare.same")
    assert not page.all(".findings li.cause")
    page.sound()

with chromium() as driver:
    for test in beside, in_other_words, equivalent:
        test(driver)
