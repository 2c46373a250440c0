"""Two shops to talk to, and what an installation that serves them has to know.

Tokens and secrets are derived from the world's seed, so that whoever starts a sandbox knows them beforehand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from sandbox.chatwoot.world.records import Account, AgentBot, Inbox, Json, Label, Team, User, Webhook
from sandbox.chatwoot.world.world import World

# What an agent bot is never told of: the account's own webhook brings it.
_SUBSCRIPTIONS: Final = [
    "conversation_created",
    "conversation_typing_on",
    "conversation_typing_off",
    "contact_created",
    "contact_updated",
]
_LABELS: Final = ("entrega", "troca", "orcamento", "humano", "urgente")


@dataclass(frozen=True, slots=True)
class Shop:
    """An example tenant."""

    name: str
    domain: str
    tenant: str
    admin: tuple[str, str]
    agent: tuple[str, str]
    inboxes: Sequence[tuple[str, str]]
    questions: Sequence[str]


SHOPS: Final = (
    Shop(
        name="Sandra Cosmeticos",
        domain="retail",
        tenant="account_1",
        admin=("Sandra Reis", "sandra@sandracosmeticos.example"),
        agent=("Bruno Lima", "bruno@sandracosmeticos.example"),
        inboxes=(
            ("WhatsApp Sandra", "whatsapp"),
            ("Site da loja", "webchat"),
            ("E-mail", "email"),
            ("@sandracosmeticos", "instagram"),
            ("sandra_bot", "telegram"),
            ("SMS", "sms"),
            ("Facebook Sandra", "facebook"),
            ("Ponte API", "api"),
            ("WhatsApp Twilio", "twilio_whatsapp"),
        ),
        questions=(
            "Oi! Vocês entregam em Belo Horizonte?",
            "Qual protetor solar serve para pele oleosa?",
            "Meu pedido 8812 ainda não chegou",
            "Posso trocar um batom já aberto?",
            "Quero falar com uma pessoa",
        ),
    ),
    Shop(
        name="Casa Bela Móveis",
        domain="furniture",
        tenant="account_2",
        admin=("Carla Nogueira", "carla@casabela.example"),
        agent=("Diego Prado", "diego@casabela.example"),
        inboxes=(
            ("WhatsApp Casa Bela", "whatsapp"),
            ("Chat do site", "webchat"),
            ("Atendimento", "email"),
            ("@casabelamoveis", "instagram"),
            ("casabela_bot", "telegram"),
            ("SMS", "sms"),
            ("Facebook Casa Bela", "facebook"),
            ("Ponte API", "api"),
        ),
        questions=(
            "O sofá Lisboa cabe numa sala de 3 metros?",
            "Vocês montam o guarda-roupa?",
            "Qual o prazo de entrega para Curitiba?",
            "A mesa veio com um risco, e agora?",
            "Quero falar com um vendedor",
        ),
    ),
)


def plant(world: World, ingress: str | None = None) -> World:
    """Fill an empty world with the example shops.

    Args:
        world: accounts, inboxes and everyone in them are added to it.
        ingress: where the agent listens, like "http://127.0.0.1:8080"; webhooks go to its
            /webhooks/chatwoot/<account>. None: nobody is told of anything until somebody connects.
    """
    for shop in SHOPS:
        _open(world, shop, ingress)
    return world


def _open(world: World, shop: Shop, ingress: str | None) -> None:
    account = Account(
        id=world.next_id("account"), name=shop.name, domain=shop.domain, tenant=shop.tenant,
        questions=list(shop.questions),
    )  # fmt: skip
    world.accounts[account.id] = account
    url = f"{ingress.rstrip('/')}/webhooks/chatwoot/{account.id}" if ingress else ""
    for role, (name, email) in (("administrator", shop.admin), ("agent", shop.agent)):
        user = User(world.next_id("user"), account.id, name, email, role, world.token(account.id, role))
        world.users[user.id] = user
    bot = AgentBot(
        id=world.next_id("agent_bot", 7), account_id=account.id, name=f"Assistente {shop.name}", outgoing_url=url,
        secret=world.token(account.id, "bot_secret"), token=world.token(account.id, "bot_token"),
    )  # fmt: skip
    world.agent_bots[bot.id] = bot
    _furnish(world, shop, account, bot, url)


def _furnish(world: World, shop: Shop, account: Account, bot: AgentBot, url: str) -> None:
    first = account.id * 10 + 1
    for name, medium in shop.inboxes:
        id_ = world.next_id("inbox", first)
        world.inboxes[id_] = Inbox(
            id=id_, account_id=account.id, name=name, medium=medium, agent_bot_id=bot.id,
            secret=world.token(account.id, "inbox", id_) if medium == "api" else "",
            lock_to_single=medium != "telegram",
        )  # fmt: skip
    for title in _LABELS:
        label = Label(world.next_id("label"), account.id, title)
        world.labels[label.id] = label
    for name in ("vendas", "pós-venda"):
        team = Team(world.next_id("team"), account.id, name)
        world.teams[team.id] = team
    if url:
        add_webhook(world, account.id, url)


def add_webhook(world: World, account_id: int, url: str) -> None:
    """Give an account a webhook for what an agent bot is never told of."""
    hook = Webhook(world.next_id("webhook"), account_id, url, webhook_secret(world, account_id), list(_SUBSCRIPTIONS))
    world.webhooks[hook.id] = hook


def webhook_secret(world: World, account_id: int) -> str:
    """Return what an example account's own webhook is signed with."""
    return world.token(account_id, "webhook_secret")


def mapping(world: World) -> str:
    """Return the chatwoot_mapping.yaml of an installation that serves these shops; secrets stay names."""
    accounts: Json = {}
    for account, _ in _answered(world):
        name = f"CHATWOOT_{account.id}"
        accounts[str(account.id)] = {
            "name": account.name,
            "domain": account.domain,
            "tenant": account.tenant,
            "webhook_secrets": [f"${{{name}_SECRET}}", f"${{{name}_WEBHOOK_SECRET}}"],
            "bot_token": f"${{{name}_BOT_TOKEN}}",
            "user_token": f"${{{name}_USER_TOKEN}}",
            "signature": "required",
            "crew": "customer_service",
        }
    body = {"version": 1, "chatwoot": {"default": {"url": "${CHATWOOT_URL}"}}, "accounts": accounts}
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True)


def _answered(world: World) -> Iterator[tuple[Account, AgentBot]]:
    """Yield each account that has a bot, with it; one that nobody has connected yet has none."""
    for account in world.accounts.values():
        bot = next((bot for bot in world.agent_bots.values() if bot.account_id == account.id), None)
        if bot is not None:
            yield account, bot


def environ(world: World, url: str = "") -> dict[str, str]:
    """Return what the names in `mapping` stand for. `url` is where this sandbox listens."""
    names = {"CHATWOOT_URL": url} if url else {}
    for account, bot in _answered(world):
        name = f"CHATWOOT_{account.id}"
        names |= {
            f"{name}_SECRET": bot.secret,
            f"{name}_WEBHOOK_SECRET": webhook_secret(world, account.id),
            f"{name}_BOT_TOKEN": bot.token,
            f"{name}_USER_TOKEN": administrators(world)[account.id],
        }
    return names


def administrators(world: World) -> dict[int, str]:
    """Return the token of each account's administrator."""
    return {user.account_id: user.token for user in world.users.values() if user.role == "administrator"}
