"""Words without blanks between them."""

from rnn_tui.data.made_up.random import numbers_of

__all__ = ["words"]

_SENTENCES = 200
_LEXICON = "many years ago boy and girl lived by sea they played happily all day long"  # no word begins another one


def words(seed: int) -> str:
    """Return 200 sentences of four to nine words, without blanks and punctuation: about 6,000 letters.

    So are the data of Elman (1990), "Finding structure in time", section "Discovering the notion 'word'".
    """
    random = numbers_of(seed)
    lengths = random.randint(4, 10, _SENTENCES)
    lexicon = _LEXICON.split()
    return "".join(lexicon[each] for each in random.randint(0, len(lexicon), lengths.sum()))
