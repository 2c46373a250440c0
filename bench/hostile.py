"""Texts that a stranger, a model or a tool might write to make something slow: shapes, each of any length."""

from collections.abc import Callable, Mapping
from itertools import cycle, islice
from types import MappingProxyType

Shape = Callable[[int], str]
"""Makes a text of about so many characters."""


def _over(piece: str, end: str = "") -> Shape:
    return lambda length: "".join(islice(cycle(piece), length)) + end


def _around(left: str, right: str) -> Shape:
    return lambda length: left * (length // (2 * len(left))) + right * (length // (2 * len(right)))


def _between(start: str, piece: str, end: str) -> Shape:
    return lambda length: start + "".join(islice(cycle(piece), length)) + end


def _deep(mark: str, most: int = 10_000) -> Shape:
    return lambda length: mark * min(length // len(mark), most) + "a"


def _numbered_list(length: int) -> str:
    return "\n".join(f"{number}. a" for number in range(1, length // 7))


def _backticks(length: int) -> str:
    return " ".join("`" * number for number in range(1, int((2 * length) ** 0.5)))


def _grid(length: int) -> str:
    row = "|a" * 40 + "|\n"
    return row + "|-" * 40 + "|\n" + row * (length // len(row))


def _accents_by_degrees(length: int) -> str:
    """Return marks of all classes in falling order, over and over: what a sort by insertion likes least."""
    return ("a" + "\u0315\u0301\u0327\u0323\u031b\u0334" * 20) * (length // 121)


def _fences_by_degrees(length: int) -> str:
    longest = int((2 * length) ** 0.5)
    return "<think>\n" + "\n".join("`" * number for number in range(longest, 2, -1))


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        # Marks
        "two accents by turns": _over("\u0301\u0323"),
        "accents after one letter": _between("a", "\u0301\u0323", "b"),
        "accents of all classes": _accents_by_degrees,
        "fifteen accents a letter": _over("e" + "\u0301\u0323" * 7 + "\u0301"),
        "seventeen accents a letter": _over("e" + "\u0301\u0323" * 8 + "\u0301"),
        "accents and spaces": _over("\u0301\u0323" * 500 + " "),
        "marks that decompose": _over("\u0344\u0f73\u0323\u0f75"),
        "halfwidth sound marks": _over("\uff9e\u0323"),
        "sound marks": _over("\u3099\u309a\u0323"),
        "nuktas and viramas": _over("\u093c\u094d"),
        "vowel signs": _over("\u0941\u0902\u0901"),
        "thai marks": _over("\u0e38\u0e48"),
        "hebrew points": _over("\u05b0\u05c1\u05bc"),
        "arabic points": _over("\u064b\u0651\u0655"),
        "tibetan marks": _over("\u0f71\u0f72\u0f74"),
        "enclosing marks": _over("\u20dd\u20e3"),
        "musical marks": _over("\U0001d165\U0001e8d0"),
        "marks beyond the first plane": _over("\U0001133c\U00011133\U0001e8d0"),
        "joiners": _over("\u200d\u200c"),
        "joined marks": _over("\u0301\u200d\u0323"),
        "variation selectors": _over("\ufe0f\U000e0100"),
        # Letters
        "hangul": _over("한국어"),
        "hangul parts": _over("\u1112\u1161\u11ab"),
        "leading parts of hangul": _over("\u1100"),
        "vowel parts of hangul": _over("\u1161"),
        "ligatures of eighteen letters": _over("\ufdfa"),
        "ligatures and accents": _over("\ufdfa\u0323\u0301"),
        "letters that grow in lower case": _over("\u0130ß\u0390"),
        "chinese": _over("汉字"),
        "chinese sentences": _over("汉。字！"),
        "devanagari": _over("तेल की कीमत "),
        "families of emoji": _over("👨\u200d👩\u200d👧\u200d👦"),
        "skin tones": _over("👍🏽"),
        "flags": _over("🇧🇷"),
        "angry faces": _over("😡 "),
        "capitals": _over("QUERO "),
        "one word": _over("a"),
        "words": _over("a "),
        "digits": _over("9"),
        "spaces": _over(" "),
        "spaces and a letter": _between("a", " ", "b"),
        "tabs": _over("\t"),
        "no-break spaces": _over("\u00a0 "),
        "newlines": _over("\n"),
        "lines": _over("a\n"),
        "windows lines": _over("\r\n"),
        "line separators": _over("\u2028\u0085"),
        "control characters": _over("\x01\x7f\u202e"),
        # Signs
        "dots": _over("a."),
        "commas": _over(",a"),
        "questions": _over("?!"),
        "hyphens": _over("a-"),
        "underscores": _over("a_"),
        "at signs": _over("a@"),
        "mail addresses": _over("a@b.c,"),
        "addresses": _over("http://a.b/"),
        "half addresses": _over("http:"),
        "domains": _over("a.b."),
        "quotes": _over("> "),
        "deep quotes": _deep(">"),
        "deep lists": _deep("- "),
        "counted lists": _numbered_list,
        "headings": _over("# a\n"),
        "rules": _over("---\n"),
        "stars": _over("*"),
        "stars and letters": _over("*a"),
        "stars by turns": _over("*a_b**"),
        "strikes": _over("~~a"),
        "backticks": _over("`"),
        "backticks of all lengths": _backticks,
        "fences": _over("```\na\n"),
        "opening brackets": _over("["),
        "brackets": _around("[", "]"),
        "two brackets": _over("[["),
        "marks of ours": _over("[[handoff: a "),
        "choices without an end": _over("[[choices: a |"),
        "choices of brackets": _between("[[choices:", "[a] ", ""),
        "surenesses": _over("[[sure "),
        "links without an end": _over("[a](http://a"),
        "links": _over("[a](http://a.b)"),
        "pictures without an end": _over("![a]("),
        "stickers without an end": _over("![sticker a]("),
        "references": _over("[a]: b\n"),
        "opening angles": _over("<"),
        "angles": _around("<", ">"),
        "tags without an end": _over("<a href=http://a"),
        "tags": _over("<b>a</b>"),
        "tags of many addresses": _over("<a " + "href=http://a" * 50),
        "spaces and tags": _over("<a   href=  "),
        "thoughts without an end": _over("<think>"),
        "thoughts": _over("<think>a</think"),
        "scripts without an end": _over("<script>a"),
        "styles by turns": _over("<style></script>"),
        "special tokens": _over("<|a"),
        "entities": _over("&amp;&#1;&"),
        "liquid": _over("{{a}}{%"),
        "braces": _around("{", "}"),
        "opening braces": _over("{ "),
        "objects": _over('{"a":'),
        "arrays": _deep("["),
        "tables": _grid,
        "cells": _over("|"),
        "rows of dashes": _over("|-"),
        "escapes": _over("\\"),
        "colours": _over("\x1b[0"),
        "keys": _over("sk-a "),
        "hexadecimal": _over("0123456789abcdef"),
        "errors": _over("a.a_"),
        "tracebacks": _over('file "a'),
        "placeholders": _over("[name "),
        "greetings": _over("oi "),
        "courtesies": _over("obrigado "),
        "denials": _over("nao "),
        "denied wishes": _over("nao quero que me "),
        "wishes": _over("quero um "),
        "transfers": _over("me transfere para o "),
        "speaking": _over("falar a com o "),
        "machines": _over("nao a a a falar com a a "),
        "told": _over("depois de a a "),
        "tired": _over("cansei de falar com um "),
        "promises": _over("vou te a "),
        "promised hands": _over("vou transferir a "),
        "someone will": _over("alguem a a a vai "),
        "holds": _over("um momento por favor que "),
        "lawyers": _over("vou a a a a no "),
        "insults": _over("voces a sao um monte de "),
        "service": _over("pessimo servico a a "),
        "words of mail": _over("On a wrote:\n> "),
        "roles": _over("assistant: user: "),
        "numbers with signs": _over("1.1-1/1 "),
        "dates": _over("28/11/2026 10:12 "),
        "telephones": _over("+55 11 99999-9999 "),
        "who wrote when": _over("on 1:23 a@b wrote: a\n"),
        "who wrote when, wrapped": _over("on a\na@b\nwrote:\n"),
        "headers of mails": _over("from: a\nsent: a\na\n"),
        "ruled lines": _over("-- original --\n"),
        "signatures": _over("-- \na\n"),
        "devices": _over("sent from a\n"),
        "quotes by turns": _over("> a\na\n"),
        # Texts that begin as one thing and go on as another
        "backticks after a thought": _between("<think>", "`", ""),
        "fences by degrees after a thought": _fences_by_degrees,
        "a mark after all": _between("", "a", "!"),
        "escapes of letters": _over("\\u0041"),
        "no width": _over("\u200b\u2060\ufeff"),
        "both directions": _over("\u202e\u2066א\u05d0a"),
    }
)
