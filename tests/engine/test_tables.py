"""Decision tables: what a spreadsheet makes of them is read exactly, or refused in words."""

import pytest

from backend.engine.problems import RulebookError
from backend.engine.rulebook import Rulebook
from backend.infra.rule_files import MAX_BYTES, read_sources
from tests.engine.books import MONDAY
from tests.engine.test_mistakes import VOCABULARY

HEAD = "decision: peak\nabout: Peak.\nhit_policy: collect\n"
FLAGS = "discount, add, set"
HEADINGS = (
    "id,about,from,until,when: weekday,when: start_time,when: party,when: lead_hours,when: occupancy,"
    "when: base,when: start_date,when: city,when: is_new,when: tags,then: surcharge,then: add,then: label"
)
USUAL = {"id": "a-rule", "about": "A.", "then: surcharge": "5%"}


def read(table: str, *, declared: str = "tables/peak.csv") -> Rulebook:
    return read_sources(
        {
            "rules/vocabulary.yaml": VOCABULARY,
            "rules/peak.yaml": f"{HEAD}table: {declared}\n",
            "rules/tables/peak.csv": table,
        }
    )


def row(**cells: str) -> str:
    """A table of one rule; each cell is quoted, as spreadsheets may do."""
    known = {heading.split(": ")[-1]: heading for heading in HEADINGS.split(",")}
    whole = USUAL | {known[name.rstrip("_")]: cell for name, cell in cells.items()}
    quoted = ['"' + whole.get(heading, "").replace('"', '""') + '"' for heading in HEADINGS.split(",")]
    return f"{HEADINGS}\n{','.join(quoted)}\n"


def problems_of(table: str, *, declared: str = "tables/peak.csv") -> list[str]:
    with pytest.raises(RulebookError) as refused:
        read(table, declared=declared)
    return [str(problem) for problem in refused.value.problems]


def yaml(rule: str) -> Rulebook:
    text = f"{HEAD}rules:\n  - {{id: a-rule, about: A., {rule}}}\n"
    return read_sources({"rules/vocabulary.yaml": VOCABULARY, "rules/peak.yaml": text})


def only_rule(book: Rulebook) -> tuple[object, ...]:
    rule = book.decisions["peak"].rules[0]
    return rule.condition, rule.effect, rule.effective_from, rule.effective_until


class TestCells:
    @pytest.mark.parametrize(
        ("cells", "declared", "rule"),
        [
            ({"weekday": "mon, tue"}, "", "when: {weekday: [mon, tue]}, then: {surcharge: 5%}"),
            ({"weekday": "[mon, tue]"}, "", "when: {weekday: [mon, tue]}, then: {surcharge: 5%}"),
            ({"weekday": " mon "}, "", "when: {weekday: mon}, then: {surcharge: 5%}"),
            ({"weekday": "not(mon)"}, "", "when: {weekday: not(mon)}, then: {surcharge: 5%}"),
            ({"weekday": "mon", "party": "-"}, "", 'when: {weekday: mon, party: "-"}, then: {surcharge: 5%}'),
            ({}, "", "when: always, then: {surcharge: 5%}"),
            ({"start_time": "9:00"}, "", 'when: {start_time: "09:00"}, then: {surcharge: 5%}'),
            ({"start_time": "[9:00..17:30:00)"}, "", 'when: {start_time: "[09:00..17:30)"}, then: {surcharge: 5%}'),
            ({"is_new": "TRUE"}, "", "when: {is_new: true}, then: {surcharge: 5%}"),
            ({"is_new": "not(FALSE)"}, "", "when: {is_new: not(false)}, then: {surcharge: 5%}"),
            ({"tags": "has spa"}, "", "when: {tags: has spa}, then: {surcharge: 5%}"),
            ({"city": '"Paris, Texas"'}, "", "when: {city: '\"Paris, Texas\"'}, then: {surcharge: 5%}"),
            ({"city": '[Paris, "a, b"]'}, "", 'when: {city: [Paris, "a, b"]}, then: {surcharge: 5%}'),
            ({"city": "L\u2019Aquila"}, "", "when: {city: L\u2019Aquila}, then: {surcharge: 5%}"),
            ({"occupancy": ">= 75.00%"}, "", 'when: {occupancy: ">= 75%"}, then: {surcharge: 5%}'),
            ({"lead_hours": "[1,5..2,5)"}, "decimal: ','", 'when: {lead_hours: "[1.5..2.5)"}, then: {surcharge: 5%}'),
            ({"lead_hours": "1,5, 2"}, "decimal: ','", "when: {lead_hours: [1.5, 2]}, then: {surcharge: 5%}"),
            ({"base": "< 7,50 EUR"}, "decimal: ','", 'when: {base: "< 7.50 EUR"}, then: {surcharge: 5%}'),
            ({"surcharge": "2,5%"}, "decimal: ','", "when: always, then: {surcharge: 2.5%}"),
            ({"surcharge": "", "add": "-8.00 EUR"}, "", "when: always, then: {add: -8.00 EUR}"),
            ({"label": "Peak"}, "", "when: always, then: {surcharge: 5%, label: Peak}"),
            ({"from": "24/12/2026"}, "dates: day/month/year", "from: 2026-12-24, when: always, then: {surcharge: 5%}"),
            ({"from": "12/4/2026"}, "dates: month/day/year", "from: 2026-12-04, when: always, then: {surcharge: 5%}"),
            ({"until": "4.12.2026"}, "dates: day.month.year", "until: 2026-12-04, when: always, then: {surcharge: 5%}"),
            (
                {"start_date": "[24.12.2026..2027-01-02)"},
                "dates: day.month.year",
                'when: {start_date: "[2026-12-24..2027-01-02)"}, then: {surcharge: 5%}',
            ),
        ],
    )  # fmt: skip
    def test_say_what_yaml_says(self, cells, declared, rule):
        table = read(row(**cells), declared=f"{{file: tables/peak.csv, {declared}}}")

        assert only_rule(table) == only_rule(yaml(rule))

    @pytest.mark.parametrize(
        ("cells", "column", "message"),
        [
            ({"party": "=cmd()"}, "when: party", "'=cmd()' begins with '=', which makes it a formula in a spreadsheet; write the value itself, or text in quotation marks: \"=cmd()\""),
            ({"about": "@SUM(A1)"}, "about", "'@SUM(A1)' begins with '@', which makes it a formula in a spreadsheet; write the value itself, or text in quotation marks: \"@SUM(A1)\""),
            ({"about": "+1 for all"}, "about", "'+1 for all' begins with '+', which makes it a formula in a spreadsheet; write the value itself, or text in quotation marks: \"+1 for all\""),
            ({"surcharge": "=A1*2"}, "then: surcharge", "'=A1*2' begins with '=', which makes it a formula in a spreadsheet; write the value itself, or text in quotation marks: \"=A1*2\""),
            ({"party": "#REF!"}, "when: party", "'#REF!' is an error of the spreadsheet; write the value itself"),
            ({"party": "=> 4"}, "when: party", "'=>' is not a comparison of 'party'; write '>= 4'"),
            ({"party": "≥ 4"}, "when: party", "'≥ 4' holds the character '≥'; write '>='"),
            ({"party": "4\u20138"}, "when: party", "'4\u20138' holds the character '\u2013'; write a plain hyphen '-', and an interval as [10..20]"),
            ({"party": "[4…8]"}, "when: party", "'[4…8]' holds the character '…'; write two points '..'"),
            ({"weekday": "—"}, "when: weekday", "'—' stands here; write a plain hyphen '-', and an interval as [10..20]"),
            ({"city": "“Paris”"}, "when: city", 'these quotation marks are curly; write straight ones, or none: "Paris"'),
            ({"city": '"Paris'}, "when: city", '"Paris has a quotation mark that is not closed, or a comma too many'),
            ({"about": '"Peak" hours'}, "about", '"Peak" hours begins with a quotation mark and does not end with one; leave it out, or close it'),
            ({"base": "15.00\xa0EUR"}, "when: base", "'15.00\\xa0EUR' holds the character '\\xa0'; it looks like a space; type a plain one"),
            ({"surcharge": "25\xa0%"}, "then: surcharge", "'25\\xa0%' holds the character '\\xa0'; it looks like a space; type a plain one"),
            ({"lead_hours": "2,5"}, "when: lead_hours", "'2,5' has a comma; write 2.5 for decimals and 2, 5 (with a space) for a list, or declare decimal: \",\" beside 'table:' in the rule file"),
            ({"surcharge": "2,5%"}, "then: surcharge", "'2,5%' has a comma; write 2.5 for decimals and 2, 5 (with a space) for a list, or declare decimal: \",\" beside 'table:' in the rule file"),
            ({"occupancy": ">= 0.25"}, "when: occupancy", "'0.25' lacks its '%'; write '25%' if that is meant"),
            ({"surcharge": "0.255"}, "then: surcharge", "'0.255' lacks its '%'; write '25.5%' if that is meant"),
            ({"surcharge": "25"}, "then: surcharge", "'25' has no unit; write '25%' for a percentage, or an amount such as 15.00 EUR"),
            ({"from": "24/12/2026"}, "from", "'24/12/2026' is not a date; write year-month-day, such as 2026-12-24"),
            ({"start_time": "9:00 AM"}, "when: start_time", "'09:00 AM' is not a time of day; write hours and minutes, such as 18:00 or 09:30"),
            ({"is_new": "VRAI"}, "when: is_new", "'VRAI' is neither true nor false; write one of the two"),
            ({"weekday": "mon,tue"}, "when: weekday", "'mon,tue' is not a value of 'weekday'; put a space after each comma: mon, tue"),
            ({"party": "4\x00"}, "when: party", "a character that cannot be seen, or one that was lost, stands here; type it again"),
            ({"about": "Caf\ufffd"}, "about", "a character that cannot be seen, or one that was lost, stands here; type it again"),
            ({"about": ""}, "about", "'about' has no value"),
            ({"id": "A rule"}, "id", "'A rule' is not an id; write small letters, digits and hyphens: weekday-evening"),
            ({"id": ""}, "id", "this row has no id, and each row is a rule; of merged cells only the first row has one"),
            ({"surcharge": ""}, "then: surcharge", "this row has no effect; fill in 'then: surcharge' or 'then: add' or 'then: label'"),
            ({"add": "5.00 EUR"}, "then: surcharge", "a rule has one effect, and this has 2; write one rule for each"),
            ({"from": "2026-02-01", "until": "2026-02-01"}, "until", "'until' 2026-02-01 is not after 'from' 2026-02-01; 'until' is the first day without the rule"),
        ],
    )  # fmt: skip
    def test_that_say_nothing_certain_are_refused_with_their_row_and_column(self, cells, column, message):
        assert problems_of(row(**cells)) == [f"rules/tables/peak.csv row 2, column '{column}': {message}"]

    def test_with_a_point_where_commas_are_declared_are_refused(self):
        said = problems_of(row(lead_hours="1.000"), declared="{file: tables/peak.csv, decimal: ','}")

        assert said == [
            "rules/tables/peak.csv row 2, column 'when: lead_hours': '1.000' has a point, and the rule file declares decimal commas; write a comma"
        ]


PLAIN = "id,about,when: party,then: surcharge\na-rule,A.,3,5%\n"


class TestFiles:
    @pytest.mark.parametrize(
        "table",
        [
            "\ufeff" + PLAIN,
            PLAIN.replace("\n", "\r\n"),
            PLAIN.replace("\n", ",,\n"),
            PLAIN + ",,,\n,,,\n\n",
            PLAIN.replace("when: party", "when:party"),
            PLAIN.replace("\na-rule", "\n,,,\na-rule"),
            '"id","about","when: party","then: surcharge"\n"a-rule","A.","3","5%"\n',
            "then: surcharge,id,when: party,about\n5%,a-rule,3,A.\n",
        ],
    )
    def test_say_the_same_whatever_program_wrote_them(self, table):
        assert read(table).version == read(PLAIN).version

    @pytest.mark.parametrize(("name", "sign"), [(";", ";"), ("tab", "\t"), ("|", "|")])
    def test_are_separated_as_declared(self, name, sign):
        table = PLAIN.replace(",", sign)

        book = read(table, declared=f'{{file: tables/peak.csv, separator: "{name}"}}')

        assert only_rule(book) == only_rule(read(PLAIN))

    @pytest.mark.parametrize(
        ("table", "message"),
        [
            (PLAIN.replace(",", ";"), "row 1, column 'id;about;when: party;then: surcharge': the columns are separated by ';', not by ','; write in the rule file: table: {file: tables/peak.csv, separator: \";\"}"),
            ("", "row 1: this table is empty; its first row names the columns"),
            (PLAIN.replace("party", "partee"), "row 1, column 'when: partee': 'partee' is not a known fact. Did you mean 'party'?"),
            (PLAIN.replace("surcharge", "surchage"), "row 1, column 'then: surchage': 'surchage' is not a known effect. Did you mean 'surcharge'?"),
            (PLAIN.replace("when: party", "party"), "row 1, column 'party': 'party' is not a column of a table. Did you mean 'when: party'?"),
            (PLAIN.replace("when: party", "when: any"), "row 1, column 'when: any': a table has no 'any' blocks; write a row for each alternative, or the rule in YAML"),
            (PLAIN.replace("about,", "about,about,"), "row 1, column 'about': this column stands twice; first as column B"),
            (PLAIN.replace("when: party", ""), "row 1, column 'C': this column has no heading, but row 2 has something in it; name it"),
            (PLAIN.replace("about,", "").replace("A.,", ""), "row 1: no column is called 'about'; add it"),
            (PLAIN.replace(",then: surcharge", ""), "row 1: no column is called 'then: …'; add it"),
            (PLAIN.replace("5%", "5%,x"), "row 2: 'x' stands to the right of the last heading; a cell with a separator in it needs quotation marks around it"),
            (PLAIN + 'b-rule,"A.,3,5%\n', 'row 3: a quotation mark " is not closed, or text follows it; a mark that is part of the text stands twice'),
            (PLAIN + "<<<<<<< mine\nb-rule,B.,3,5%\n=======\n", "row 3: a merge conflict stands here; decide it and delete its marks"),
            (PLAIN + "a-rule,B.,4,5%\n", "row 3, column 'id': rule 'a-rule' stands twice in this decision; first at rules/tables/peak.csv row 2"),
            (PLAIN + "b," + "x" * 200_000 + ",3,5%\n", "row 3: a cell is longer than any rule; a quotation mark that is opened here is perhaps not closed"),
            ("#" * (MAX_BYTES + 1), "row 1: this table has 1000001 bytes; tables have at most 1000000: split it"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_read_are_refused_with_their_row(self, table, message):
        assert f"rules/tables/peak.csv {message}" in problems_of(table)

    @pytest.mark.parametrize(
        ("declared", "message"),
        [
            ("peak.csv", "4:8: 'peak.csv' is not the name of a table; write one such as tables/peak.csv"),
            ("tables/../peak.csv", "4:8: 'tables/../peak.csv' is not the name of a table; write one such as tables/peak.csv"),
            ("tables/peek.csv", "4:8: there is no table rules/tables/peek.csv. Did you mean 'rules/tables/peak.csv'?"),
            ("{file: tables/peak.csv, separator: x}", "4:43: 'x' is not a separator of tables; write one of ',', ';', '|', 'tab'"),
            ("{file: tables/peak.csv, dates: dd/mm/yyyy}", "4:39: 'dd/mm/yyyy' is not a way to write dates of tables; write one of 'year-month-day', 'day/month/year', 'month/day/year', 'day.month.year'"),
            ("{fil: tables/peak.csv}", "4:9: 'fil' is not a key of 'table'. Did you mean 'file'?"),
            ("tables/peak.csv\nrules: []", "4:8: a decision has 'rules' or a 'table', not both; take one of them out"),
        ],
    )  # fmt: skip
    def test_are_declared_in_the_rule_file(self, declared, message):
        assert f"rules/peak.yaml:{message}" in problems_of(PLAIN, declared=declared)

    def test_a_decision_has_rules_or_a_table(self):
        with pytest.raises(RulebookError) as refused:
            read_sources({"rules/vocabulary.yaml": VOCABULARY, "rules/peak.yaml": HEAD})

        assert str(refused.value) == "rules/peak.yaml:1:1: a decision needs 'rules', or a 'table'"

    def test_no_table_lies_there_unread(self):
        with pytest.raises(RulebookError) as refused:
            read_sources({"rules/vocabulary.yaml": VOCABULARY, "rules/tables/old.csv": PLAIN})

        assert str(refused.value) == (
            "rules/tables/old.csv row 1: no decision refers to this table; write 'table: tables/old.csv' in one"
        )

    def test_one_table_belongs_to_one_decision(self):
        two = f"decisions:\n  - {{{HEAD.strip().replace(chr(10), ', ')}, table: tables/peak.csv}}\n"
        sources = {"rules/vocabulary.yaml": VOCABULARY, "rules/tables/peak.csv": PLAIN, "rules/a.yaml": two}

        with pytest.raises(RulebookError) as refused:
            read_sources({**sources, "rules/b.yaml": two})

        assert str(refused.value).startswith(
            "rules/b.yaml:2:64: the table rules/tables/peak.csv belongs to another decision already"
        )

    def test_all_mistakes_are_told_at_once_and_none_follows_from_another(self):
        table = "id,about,when: partee,then: surcharge\na-rule,A.,x,5\n,B.,3,5%\nb-rule,C.,3,=1\n"

        said = problems_of(
            table, declared="tables/peak.csv\nscenarios:\n  - {name: S, given: {}, expect: {fired: [c]}}"
        )

        assert [problem.partition(":")[0] for problem in said] == [
            "rules/tables/peak.csv row 1, column 'when",
            "rules/tables/peak.csv row 3, column 'id'",
            "rules/tables/peak.csv row 4, column 'then",
        ]


class TestPlaces:
    """What is said of a rule of a table names its row."""

    def test_of_what_fired_and_of_what_nearly_did(self):
        book = read(PLAIN)

        fired = book.decide("peak", {"party": 3}, at=MONDAY).fired
        missed = book.decide("peak", {"party": 2}, at=MONDAY).near_misses

        assert [(rule.file, rule.line) for rule in fired] == [("rules/tables/peak.csv", 2)]
        assert [(miss.rule, miss.wanted) for miss in missed] == [("a-rule", "3")]

    def test_the_version_changes_with_a_cell(self):
        assert read(PLAIN).version != read(PLAIN.replace("5%", "6%")).version
