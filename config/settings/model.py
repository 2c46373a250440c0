"""Settings of the language model: which one, where it is served, what it costs, what is asked when it fails, traces."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from config.schema.base import NUMBER, Machine, Section, Url
from config.secrets.secret import Token

Dollars = Annotated[float, Field(ge=0, le=10_000), NUMBER]


class Price(Section):
    """Price of a model."""

    input: Dollars
    """US dollars for a million prompt tokens."""
    output: Dollars
    """US dollars for a million completion tokens."""
    cached: Dollars | None = None
    """US dollars for a million prompt tokens that the provider had cached. Unset: the same as `input`."""


class ModelEndpoint(Section):
    """A model and where it is served."""

    name: Machine
    """The model's name, as its endpoint knows it."""
    base_url: Url | None = None
    """Address of an OpenAI-compatible endpoint, up to `/v1`. Unset: the one that the openai package reads from the
    environment. An address set here never receives the environment's key."""
    api_key: Token | None = None
    """Key of the endpoint. Write a reference, as `${OPENAI_API_KEY}`, or `ENC:`. Unset: `OPENAI_API_KEY`."""
    requests_per_minute: Annotated[int, Field(ge=1, le=10_000_000), NUMBER] | None = None
    """Requests per minute that the key allows, counted over all workers. Unset: no limit is kept on our side."""
    tokens_per_minute: Annotated[int, Field(ge=100, le=10_000_000_000), NUMBER] | None = None
    """Tokens per minute that the key allows, counted over all workers. Unset: no limit is kept on our side."""
    price: Price | None = None
    """Price of this model, in place of its price in the price list. Write it for a model that the list does not know:
    such a model counts as an expensive one."""


class FastModel(ModelEndpoint):
    """A smaller model for when little time is left."""

    below_ms: Annotated[int, Field(ge=100, le=60_000), NUMBER] = 3000
    """Milliseconds of the turn's time. The smaller model is asked where less than this is left and nothing else
    fits."""


class Hedging(Section):
    """A second request where the first token is late: the first of the two to speak wins."""

    share: Annotated[float, Field(ge=0, le=0.5), NUMBER] = 0.06
    """Largest share of calls, from 0 to 0.5, that may make a second request. 0 makes none. The default is just above
    the twentieth of calls that the 95th percentile calls late."""
    to: ModelEndpoint | None = None
    """Model that the second request goes to. Unset: the same model once more."""
    local: bool = False
    """Allow a second request to the same model at a private address too. Off, because a server of one's own most often
    works on one request at a time and would only be slowed down."""


class Model(ModelEndpoint):
    """The model that answers, its limits, and what is asked when it does not answer."""

    name: Machine = "gpt-4.1-mini"
    """The model's name, as its endpoint knows it."""
    temperature: Annotated[float, Field(ge=0, le=2), NUMBER] = 0.3
    """Sampling temperature, from 0 (nearly always the same answer) to 2. Low by default: answers should repeat the
    company's facts and not vary them."""
    max_tokens: Annotated[int, Field(ge=16, le=16_384), NUMBER] = 400
    """Longest answer, in tokens. A crew, or an agent of it, may set its own. The budget sets this much aside before
    each call, so a large value also holds back money."""
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    """Effort of a reasoning model before it answers. Unset: nothing is sent, and the provider's default holds."""
    fallbacks: Annotated[tuple[ModelEndpoint, ...], Field(max_length=8)] = ()
    """Models asked in this order when the first one fails, is refused or stays silent."""
    quick: FastModel | None = None
    """A smaller model that is asked when time is short. Unset: the same model is asked to the end."""
    hedging: Hedging = Hedging()
    """Rules for a second request because the first token is late."""
    embeddings: Machine = "text-embedding-3-small"
    """Embedding model at the same endpoint, by which crews with `memory: true` recall what a contact said before."""


class Traces(Section):
    """Contents of a turn's trace, where the installation sends traces."""

    words_until: AwareDatetime | None = None
    """Moment until which questions and answers stand in traces, masked: with its time zone, at most 24 hours ahead; one
    further away counts as not set. Unset: no words are sent."""
