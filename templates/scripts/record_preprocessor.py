"""Runs inside Model Monitor's analyzer: flattens captured requests and answers into records.

The analyzer reads flat records only, while a captured request is `{"instances": [{…}, …]}`. The data-quality monitor
gets one record a row, with the features by name: what `baseline/data.csv` of preprocessing holds. The model-quality
monitor works on events to which a true label was merged; there the record is the prediction, its probability and
the label.

What cannot be named is skipped and counted in the analyzer's log: CSV and rows as arrays carry no names, and the
label of an event with several rows could be that of any. A wrong guess would look like drift.

The analyzer brings its own, older Python: nothing here needs more than 3.6 and the standard library.
"""

import json

LABEL = "groundTruthData_0"


def preprocess_handler(inference_record, logger):
    """Returns the records of one captured event, a list of flat dictionaries.

    `inference_record` has `endpoint_input` and `endpoint_output` with `data` (text) and `encoding`, and
    `ground_truth` if a label was merged.
    """
    rows = items(getattr(inference_record, "endpoint_input", None), "instances")
    truth = getattr(inference_record, "ground_truth", None)
    if truth is None:
        records = [dict(row) for row in rows if isinstance(row, dict)]
        if not records or len(records) != len(rows):
            logger.info("skipped an event: its rows have no names")
            return []
        return records
    answers = items(getattr(inference_record, "endpoint_output", None), "predictions")
    if len(answers) != 1:
        logger.info("skipped an event: %d predictions, but one label", len(answers))
        return []
    return [
        {
            "prediction": answers[0]["prediction"],
            "probability": answers[0]["probability"],
            LABEL: truth.data.strip().strip('"'),
        }
    ]


def items(side, member):
    """The rows of a captured request or answer; none if it is not JSON."""
    if side is None or getattr(side, "encoding", None) != "JSON":
        return []
    try:
        document = json.loads(side.data)
    except ValueError:
        return []
    found = document.get(member) if isinstance(document, dict) else document
    return found if isinstance(found, list) else []
