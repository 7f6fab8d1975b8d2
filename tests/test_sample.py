import csv
import gzip
import json
import keyword
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaffold.errors import EnvironmentProblem, UsageError
from scaffold.sample import Sample, infer, look
from scaffold.sampling import moments, names
from scaffold.sampling.names import clean, clean_all

ROOT = Path(__file__).parents[1]
MESSY = ROOT / "tests" / "data" / "messy"
FLIGHTS = ROOT / "templates" / "samples" / "flights"
TODAY = date(2025, 6, 1)


def write(folder: Path, text: str, name: str = "data.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding, newline="")
    return path


def types(sample: Sample) -> dict[str, str]:
    return {column.name: column.type for column in sample.columns}


def orders(rows: int = 40) -> str:
    lines = [
        f"{number},C{number % 7},2025-01-{number % 28 + 1:02}T10:00:00,{number}.50"
        for number in range(1, rows + 1)
    ]
    return "\n".join(["Order ID,Customer,Ordered At,Amount", *lines, ""])


# the shipped sample


def test_the_recorded_answers_of_the_flights_are_what_infer_says() -> None:
    recorded = yaml.safe_load((ROOT / "templates" / "samples" / "flights.yml").read_text())
    assert infer(FLIGHTS).answers() == recorded


def test_na_among_the_flights_numbers_is_null_and_the_numbers_stay_numbers() -> None:
    sample = infer(FLIGHTS)
    assert sample.nulls == ("", "NA")
    assert types(sample)["air_time"] == "BIGINT"
    assert sample.rows == 4668


def test_the_flights_are_one_file_for_each_utc_day() -> None:
    for path in sorted(FLIGHTS.glob("*.csv")):
        with path.open(newline="") as file:
            assert {row["time_hour"][:10] for row in csv.DictReader(file)} == {path.stem}


# real files


def test_a_file_with_two_date_formats_gets_both() -> None:
    sample = infer(MESSY / "water_levels.csv")
    assert sample.event_time == "zeit_mez"
    assert set(sample.calendar.formats) == {"%d.%m.%Y", "%d.%m.%Y %H:%M:%S"}
    assert sample.calendar.since == date(2013, 7, 9)
    assert sample.dialect is not None
    assert sample.dialect.delimiter == ";"


def test_a_latin_1_file_with_decimal_commas_is_read_and_said_to_be_unsure() -> None:
    sample = infer(MESSY / "hotels_latin1.csv")
    assert sample.dialect is not None
    assert sample.dialect.encoding == "latin-1"
    assert [column.source for column in sample.columns][3] == "Année"
    assert types(sample)["average_price"] == "STRING"
    assert sample.key == ("date", "classement", "quartier")
    assert any("could as well be %m-%d-%y" in note for note in sample.notes)


def test_a_file_whose_rows_repeat_has_no_key() -> None:
    sample = infer(MESSY / "ks_1033.csv")
    assert sample.key == ()
    assert sample.event_time == "ship_date"
    assert sample.calendar.formats == ("%m/%d/%Y %H:%M:%S",)
    assert sample.measure == "quantity"
    assert any("key is empty" in note for note in sample.notes)


def test_a_column_named_order_gets_another_name_and_keeps_its_source() -> None:
    sample = infer(MESSY / "msleep.csv")
    assert {"name": "order_", "source": "order", "type": "STRING"} in _columns(sample)
    assert sample.key == ("name",)
    assert sample.nulls == ("", "NA")


def test_a_real_event_time_with_nulls_is_taken_and_the_nulls_are_said() -> None:
    sample = infer(MESSY / "exibble.csv")
    assert sample.event_time == "datetime"
    assert "1 of 8 rows have no datetime." in sample.notes
    assert {"name": "group_", "source": "group", "type": "STRING"} in _columns(sample)


def test_a_price_that_is_unique_in_few_rows_is_no_key() -> None:
    assert "msrp" not in infer(MESSY / "gtcars.csv").key


def test_three_hundred_columns_are_all_named_and_typed() -> None:
    sample = infer(MESSY / "wide.csv")
    assert len({column.name for column in sample.columns}) == 300
    assert sample.columns[1].name == "c_100022"
    assert sample.key == ("id",)


def test_a_file_without_a_header_and_with_ragged_rows_is_read_by_pipes() -> None:
    sample = infer(MESSY / "closures.csv")
    assert sample.dialect is not None
    assert (sample.dialect.delimiter, sample.dialect.header) == ("|", False)
    assert sample.event_time == "column1"
    assert any("too many or too few" in note for note in sample.notes)


def test_a_byte_order_mark_does_not_become_part_of_a_name() -> None:
    assert infer(MESSY / "bom.csv").columns[0].source == "foo"


def test_an_empty_date_column_does_not_become_the_event_time() -> None:
    assert infer(MESSY / "public_art.csv").event_time == "last_seen_date"


@pytest.mark.parametrize("path", sorted(MESSY.glob("*.csv")), ids=lambda path: path.stem)
def test_every_column_of_a_messy_file_can_be_read_back_by_its_source_name(path: Path) -> None:
    sample = infer(path)
    assert sample.dialect is not None
    query = (
        f"SELECT {', '.join(chr(34) + c.source + chr(34) for c in sample.columns)} FROM read_csv("
        "$1, delim=$2, quote=$3, encoding=$4, header=$5, all_varchar=true, strict_mode=false, "
        "ignore_errors=true)"
    )
    dialect = sample.dialect
    values = [str(path), dialect.delimiter, dialect.quote, dialect.encoding, dialect.header]
    with duckdb.connect() as connection:
        assert len(connection.execute(query, values).fetchall()) == sample.rows


def test_columns_that_cannot_be_asked_for_by_name_are_left_out_and_it_is_said(
    tmp_path: Path,
) -> None:
    sample = infer(write(tmp_path, "id, Total ,twice,twice,\n1,2,3,4,\n5,6,7,8,\n"))
    assert [column.source for column in sample.columns] == ["id", " Total "]
    assert any("twice, twice_1, column4" in note for note in sample.notes)


# types


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1", "22", "-3"), "BIGINT"),
        (("1.5", "22", "0.25"), "DECIMAL(18,2)"),
        (("1.5", "0.0625"), "DECIMAL(18,4)"),
        (("1.5", "0.06251"), "DOUBLE"),
        (("1e3", "2.5"), "DOUBLE"),
        (("01234", "10000"), "STRING"),
        (("1234567890123456789", "1"), "STRING"),
        (("true", "False"), "BOOLEAN"),
        (("2025-01-01", "2025-01-02"), "DATE"),
        (("2025-01-01T00:00:00Z", "2025-01-02T00:00:00+02:00"), "TIMESTAMP"),
        (("2025-02-30", "2025-02-31"), "STRING"),
        (("1", "N/A", "null"), "BIGINT"),
        (("1", "x"), "STRING"),
        (("+491234", "+495678"), "STRING"),
        (("1,234", "2,000"), "STRING"),
    ],
)
def test_a_column_gets_the_type_that_holds_for_all_its_values(
    tmp_path: Path, values: tuple[str, ...], expected: str
) -> None:
    rows = "".join(f'row{number};"{value}"\n' for number, value in enumerate(values))
    assert types(infer(write(tmp_path, f"label;x\n{rows}")))["x"] == expected


def test_an_offset_counts_when_the_first_day_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "id,at\n1,2025-01-02T01:00:00+02:00\n2,2025-01-03T09:00:00+02:00\n")
    calendar = infer(path, TODAY).calendar
    assert calendar.since == date(2025, 1, 1)
    assert not any("offset" in note for note in calendar.notes)


def test_day_month_and_month_day_in_one_column_are_not_taken_for_dates() -> None:
    assert moments.fit(["13/02/2025", "02/13/2025"]) is None


def test_dates_of_an_unknown_format_stay_text_unless_they_are_the_event_time(
    tmp_path: Path,
) -> None:
    lines = [f"{n},2025-01-{n:02}T08:00:00,{n:02}.02.2025" for n in range(1, 28)]
    sample = infer(write(tmp_path, "\n".join(["id,created_at,due", *lines, ""])), TODAY)
    assert (sample.event_time, types(sample)["due"]) == ("created_at", "STRING")


# parts that columns play


def test_an_orders_file_gives_all_the_answers_a_pipeline_needs(tmp_path: Path) -> None:
    answers = infer(write(tmp_path, orders()), TODAY).answers()
    assert answers == {
        "format": "csv",
        "delimiter": ",",
        "quote": '"',
        "encoding": "utf-8",
        "header": True,
        "nulls": [""],
        "columns": [
            {"name": "order_id", "source": "Order ID", "type": "BIGINT"},
            {"name": "customer", "source": "Customer", "type": "STRING"},
            {"name": "ordered_at", "source": "Ordered At", "type": "TIMESTAMP"},
            {"name": "amount", "source": "Amount", "type": "DECIMAL(18,2)"},
        ],
        "key": ["order_id"],
        "event_time": "ordered_at",
        "event_time_formats": [],
        "time_zone": "UTC",
        "measure": "amount",
        "every": "1d",
        "since": "2025-01-01",
        "until": "2025-01-29",
    }


def test_recent_data_has_no_end(tmp_path: Path) -> None:
    assert infer(write(tmp_path, orders()), date(2025, 1, 29)).calendar.until is None


def test_windows_of_hours_end_with_the_hour_of_the_newest_row(tmp_path: Path) -> None:
    lines = [f"{n},2025-01-01T{n:02}:30:00Z" for n in range(17)]
    path = write(tmp_path, "\n".join(["id,at", *lines, ""]))
    answers = infer(path, TODAY).answers()
    assert (answers["every"], answers["until"]) == ("1h", "2025-01-01T17:00:00")
    later = look(path, TODAY, {"since": "2025-02-01"})[0]
    assert later.calendar.until is None


def test_an_event_time_may_miss_a_fifth_of_its_values_but_not_more(tmp_path: Path) -> None:
    lines = orders(50).splitlines()
    emptied = [",".join([*line.split(",")[:2], "", line.split(",")[3]]) for line in lines]
    some = [lines[0], *emptied[1:9], *lines[9:]]
    most = [lines[0], *emptied[1:30], *lines[30:]]
    sample = infer(write(tmp_path, "\n".join([*some, ""])), TODAY)
    assert sample.event_time == "ordered_at"
    assert any("8 of 50 rows have no ordered_at" in note for note in sample.notes)
    assert infer(write(tmp_path, "\n".join([*most, ""])), TODAY).event_time is None


def test_a_birth_date_is_not_an_event(tmp_path: Path) -> None:
    path = write(tmp_path, "id,birth_date\n1,1980-01-02\n2,1990-03-04\n")
    assert infer(path).event_time is None


def test_measurements_that_happen_to_be_unique_are_no_key(tmp_path: Path) -> None:
    path = write(tmp_path, "amount,weight\n10,1.12345\n20,2.5\n35,3.5\n")
    assert infer(path).key == ()


def test_a_moment_that_is_unique_by_chance_is_no_key_alone(tmp_path: Path) -> None:
    start = datetime(2025, 1, 1)  # noqa: DTZ001 - as files have it
    lines = [
        f"{order},{status},{start + timedelta(seconds=80 * n + order)}"
        for n, status in enumerate(("new", "paid", "sent"))
        for order in range(80)
    ]
    path = write(tmp_path, "\n".join(["order_id,status,updated_at", *lines, ""]))
    assert infer(path, TODAY).key == ("updated_at", "order_id")
    told = "The key updated_at is a guess: no column of it is named like one"
    nameless = write(tmp_path, path.read_text().replace("order_id", "place"), "nameless.csv")
    assert infer(nameless, TODAY).key == ("updated_at",)
    assert any(note.startswith(told) for note in infer(nameless, TODAY).notes)
    said = look(nameless, TODAY, {"key": ["place", "status"]})[0]
    assert not any("The key" in note for note in said.notes)


def test_an_amount_is_no_key_for_one_text_in_it_and_an_id_is_one_for_all_its_gaps(
    tmp_path: Path,
) -> None:
    lines = [f"{n},{'ab'[n % 2]},{n}.25,{10**19 + n // 2}" for n in range(410)]
    lines[7], lines[9] = f",a,7.25,{10**19}", f"9,b,abc,{10**19}"
    path = write(tmp_path, "\n".join(["order_id,status,amount,account", *lines, ""]))
    sample = infer(path)
    assert sample.key == ("order_id",)
    assert "1 of 410 rows have no order_id: without a key they go to quarantine." in sample.notes
    told = "amount has numbers, but not in 1 of 410 rows: kept as text."
    assert [note for note in sample.notes if "has numbers" in note] == [told]
    nameless = write(tmp_path, path.read_text().replace("order_id", "place"), "nameless.csv")
    assert infer(nameless).key == ()


def test_numbers_that_count_from_1970_are_no_time_and_no_measure(tmp_path: Path) -> None:
    rows = "".join(f"{n},{1772323200000 + n * 60000}\n" for n in range(20))
    sample = infer(write(tmp_path, f"id,timestamp\n{rows}"))
    assert (sample.event_time, sample.measure) == (None, None)
    told = "timestamp_: numbers that count from 1970 are not read as times."
    assert told in sample.notes


def test_years_codes_and_postcodes_are_not_added_up(tmp_path: Path) -> None:
    rows = "".join(f"a{n},{2000 + n},{n + 5},{n * 7000}\n" for n in range(20))
    assert infer(write(tmp_path, f"name,year,code,zip\n{rows}")).measure is None


def test_no_value_of_a_row_is_in_the_answers(tmp_path: Path) -> None:
    path = write(tmp_path, "id,who,at\n1,Zaphod,2025-01-01\n2,Trillian,2025-01-02\n")
    assert "Zaphod" not in json.dumps(infer(path).answers())


# formats and folders


def test_json_lines_keep_the_decimals_that_are_written(tmp_path: Path) -> None:
    lines = [
        {"id": n, "at": f"2025-01-{n:02}T00:00:00Z", "price": 1.25, "tags": [n]} for n in (1, 2)
    ]
    path = write(tmp_path, "\n".join(json.dumps(line) for line in lines), "data.jsonl")
    sample = infer(path, TODAY)
    assert list(types(sample).values()) == ["BIGINT", "TIMESTAMP", "DECIMAL(18,2)", "STRING"]
    assert "delimiter" not in sample.answers()


def test_parquet_types_become_ours(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 1::INT AS id, 1.5::FLOAT AS f, 2.50::DECIMAL(9,2) AS price, {'a': 1} AS s, "
            f"TIMESTAMPTZ '2025-01-01 00:00:00+00' AS at) TO '{path}'"
        )
    sample = infer(path, TODAY)
    assert list(types(sample).values()) == [
        *("BIGINT", "DOUBLE", "DECIMAL(9,2)", "STRING", "TIMESTAMP"),
    ]


def test_gzipped_csv_is_read(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(orders().encode()))
    assert infer(path, TODAY).key == ("order_id",)


def test_a_folder_is_its_most_frequent_kind_without_unfinished_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "_old.csv", ".hidden.csv", "c.csv.tmp"):
        write(tmp_path, orders(), name)
    write(tmp_path, "{}", "x.json")
    sample = infer(tmp_path, TODAY)
    assert (sample.glob, sample.rows) == ("*.csv", 80)
    assert "1 *.json files are left out." in sample.notes


def test_columns_that_not_every_file_has_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    write(tmp_path, "id,a,coupon,Total\n1,2,x,1\n", "1.csv")
    write(tmp_path, "id,a,b,coupon,total\n2,3,4,y,1\n", "2.csv")
    write(tmp_path, "a,id,Total\n3,5,1\n", "3.csv")
    sample = infer(tmp_path)
    assert list(types(sample)) == ["id", "a"]
    assert "Left out, as not every file has it: coupon, Total, b, total." in sample.notes
    write(tmp_path, "x,y\n1,2\n", "4.csv")
    with pytest.raises(UsageError, match="have no column in common"):
        infer(tmp_path)


def test_columns_of_parquet_files_get_a_type_that_fits_all_of_them(tmp_path: Path) -> None:
    files = (
        "1::INT AS id, 2::BIGINT AS n, 1.5::DOUBLE AS x, 1.25::DECIMAL(9,2) AS d, 'a' AS s, 1 AS u, DATE '2025-01-01' AS at",
        "2::BIGINT AS id, 2::DOUBLE AS n, 3::INT AS x, 7::BIGINT AS d, 8 AS s, 1::UBIGINT AS u, TIMESTAMP '2025-01-02 03:00:00' AS at",
    )
    with duckdb.connect() as connection:
        for number, columns in enumerate(files):
            connection.execute(f"COPY (SELECT {columns}) TO '{tmp_path}/{number}.parquet'")
    sample = infer(tmp_path)
    assert types(sample) == {
        "id": "BIGINT",
        "x": "DOUBLE",
        "d": "DECIMAL(21,2)",
        "u": "DECIMAL(20,0)",
        "at_": "TIMESTAMP",
    }
    assert "Left out, as its type is another one in some files: n, s." in sample.notes


def test_a_long_file_is_looked_at_in_part_and_it_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, "id,x\n" + "".join(f"{n},1\n" for n in range(150_000)))
    sample = infer(path)
    assert sample.rows == 100_000
    assert any("part of the data" in note for note in sample.notes)


# refusals


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n", "blanks"),
        ("head.csv", b"a,b,c\n", "no rows"),
        ("binary.csv", b"\x00\x01\x02\x03" * 50, "binary"),
        ("book.xlsx", b"PK\x03\x04rest", "spreadsheet"),
        ("array.json", b'[{"a": 1}]', "not JSON lines"),
        ("pretty.json", b'{\n  "a": 1\n}\n', "not JSON lines"),
        ("packed.csv", gzip.compress(b"a,b\n1,2\n", mtime=0), "is gzip"),
        ("big_endian.csv", "\ufeffa,b\n1,2\n".encode("utf-16-be"), "big-endian"),
        ("fake.parquet", b"hello", "not"),
        ("broken.csv", b'"Order\nID",x\n1,2\n3,4\n', r'no pipeline can ask for: "Order\\nID"'),
        ("none.jsonl", b"{}\n{}\n", "no rows"),
        ("unnamed.csv", b",,\n1,2,3\n4,5,6\n", "column names"),
        ("cp1252.csv", b"a,b\n1,\x93x\x94\n", "neither UTF-8 nor latin-1"),
        (
            "wide.csv",
            b",".join(b"c%d" % n for n in range(2001)) + b"\n" + b"1," * 2000 + b"1\n",
            "2,001",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        infer(path)


def test_a_missing_path_and_a_folder_without_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        infer(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="in an object store"):
        infer(Path("s3://shop/orders/a.csv"))
    with pytest.raises(UsageError, match="No data"):
        infer(tmp_path)


def test_an_unreadable_file_is_the_machines_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, orders())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(EnvironmentProblem, match="Permission denied"):
        infer(path)


# names


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Order ID", "order_id"),
        ("idImpianto", "id_impianto"),
        ("HTTPStatus", "http_status"),
        ("Année", "annee"),
        ("class", "class_"),
        ("order", "order_"),
        ("2024", "c_2024"),
        ("_window", "window_"),
        ("__x", "x"),
        ('say "hi"', "say_hi"),
        ("{{ x }}", "x"),
        ("🙂", "column_1"),
        ("", "column_1"),
        ("価格", "価格"),
        ("a" * 300, "a" * 63),
    ],
)
def test_a_source_name_becomes_a_clean_identifier(source: str, expected: str) -> None:
    assert clean(source) == expected


def test_names_that_differ_only_in_case_or_signs_are_numbered() -> None:
    assert clean_all(["ID", "id", "i d", "Id!"]) == ("id", "id_2", "i_d", "id_3")


@given(st.lists(st.text(max_size=80), min_size=1, max_size=20))
def test_any_names_become_distinct_identifiers_that_need_no_quotes(sources: list[str]) -> None:
    cleaned = clean_all(sources)
    assert len({name.casefold() for name in cleaned}) == len(sources)
    for name in cleaned:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not names.reserved(name)
        assert not name.startswith("_")
        assert len(name.encode()) <= names.LIMIT


@given(st.lists(st.text(max_size=80), min_size=1, max_size=8))
@settings(max_examples=30)
def test_duckdb_takes_any_cleaned_names_without_quotes(sources: list[str]) -> None:
    cleaned = clean_all(sources)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(f'{name} INT' for name in cleaned)})")
        connection.execute(f"SELECT {', '.join(f't.{name}' for name in cleaned)} FROM t")


CELLS: dict[str, Any] = {
    "BIGINT": st.integers(-(10**17), 10**17).map(str),
    "DECIMAL(18,2)": st.decimals(-9999, 9999, places=2).map(str),
    "DATE": st.dates(date(2000, 1, 1), date(2100, 1, 1)).map(str),
    "BOOLEAN": st.sampled_from(["true", "false"]),
    "STRING": st.text("abcdefgh ,;'\"é\n", min_size=1, max_size=12).map(lambda text: f"x{text}x"),
}


@given(
    kinds=st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    data=st.data(),
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_generated_csv_files_get_the_types_they_were_made_of(
    tmp_path: Path, kinds: list[str], delimiter: str, data: st.DataObject
) -> None:
    rows = [
        [f"row{number}", *(data.draw(CELLS[kind]) for kind in kinds)]
        for number in range(data.draw(st.integers(5, 12)))
    ]
    path = tmp_path / "made.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["row_id", *(f"col_{place}" for place in range(len(kinds)))])
        writer.writerows(rows)
    sample = infer(path, TODAY + timedelta(days=1))
    assert sample.dialect is not None
    assert sample.dialect.delimiter == delimiter
    assert [column.type for column in sample.columns] == ["STRING", *kinds]
    assert sample.rows == len(rows)
    assert sample.key == ("row_id",)


def _columns(sample: Sample) -> Any:
    return sample.answers()["columns"]
