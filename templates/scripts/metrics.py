"""The metrics of training and evaluation, in one place so that both mean the same by a name."""

from __future__ import annotations

import collections
from collections.abc import Sequence

from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score


def measure(
    truth: Sequence[str], predicted: Sequence[str], probabilities: Sequence[float], positive: str
) -> dict[str, float]:
    """Compares predictions with the truth; `probabilities` are those of the positive class.

    `precision`, `recall`, `f1` and `auc` are those of the positive class against all others; an average
    over classes would hide one that is never predicted. For the same reason `worst_recall` is the
    lowest recall of any class, and `majority` is the accuracy of always saying the commonest one.
    """
    is_positive = [label == positive for label in truth]
    says_positive = [label == positive for label in predicted]
    recalls = recall_score(truth, predicted, labels=sorted(set(truth)), average=None, zero_division=0)
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "majority": max(collections.Counter(truth).values()) / len(truth),
        "precision": float(precision_score(is_positive, says_positive, zero_division=0)),
        "recall": float(recall_score(is_positive, says_positive, zero_division=0)),
        "f1": float(f1_score(is_positive, says_positive, zero_division=0)),
        "auc": float(roc_auc_score(is_positive, probabilities)),
        "worst_recall": float(min(recalls)),
    }
