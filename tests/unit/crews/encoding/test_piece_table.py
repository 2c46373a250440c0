"""The table of pieces finds what a dict would, and nothing else."""

from crews.encoding.pieces import PieceTable


def test_it_finds_pieces_and_their_beginnings() -> None:
    pieces = ["br", "牢", "bras", *(f"{start}{n}" for n in range(500) for start in ("p", "é", "牢"))]
    table = PieceTable(pieces)
    assert [table.get(piece) for piece in pieces] == list(range(1, len(pieces) + 1))
    assert [table.get(piece) for piece in ("b", "bra", "é")] == [0, 0, 0]
    assert [table.get(piece) for piece in ("rb", "brb", "牢牢", "\U00020000", "p500")] == [None] * 5
