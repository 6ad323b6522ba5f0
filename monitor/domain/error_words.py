"""The words by which an error message gives away what it means, where no code does; English and Chinese.

Each phrase was seen in the messages of real servers. A phrase stands in quotes of the model id as little as possible:
`not supported` after a parameter's name must not read as an unknown model.
"""

import re


def _words(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE | re.DOTALL)


CONTENT_FILTER = _words(r"content management policy", r"ContentPolicyViolation", r"\bmoderation\b.{0,80}?\bflagged\b")

BUDGET_ENDED = _words(r"\bmax_tokens\s+or\s+model\s+output\s+limit\s+was\s+reached\b")

OTHER_PROTOCOL = _words(
    r"\bnot\s+a\s+chat\s+model\b",
    r"\bdo(?:es)?\s+not\s+support\s+(?:the\s+)?(?:chat|embeddings?|completions?|responses)\b",
    r"\bnot\s+(?:supported\s+)?in\s+(?:the\s+)?v1/[a-z/]{1,40}",
    r"\bnot\s+allowed\s+to\s+generate\s+embeddings\b",
)

MAX_TOKENS_REFUSED = _words(
    r"\buse\s+['\"`]?max_completion_tokens",
    r"['\"`]?\bmax_tokens\b['\"`]?.{0,40}\b(?:not\s+supported|unsupported|deprecated|not\s+compatible|not\s+allowed)",
    r"\bunsupported\s+parameter\W{1,4}max_tokens\b",
)

NOT_ROUTED = _words(r"\bno\s+endpoints\s+found\s+(?:that\s+support|matching\s+your)\b")

MODEL_LOADING = _words(r"\bloading\s+model\b", r"\bmodel\b.{0,160}?\bis\s+(?:currently\s+|still\s+)?loading\b")

NO_DEPLOYMENT = _words(r"no\s+deployments?\s+available", r"no\s+healthy\s+deployments?")

NO_CONNECTED_DB = _words(r"no\s+connected\s+db\b")

NO_CHANNEL = _words(
    r"no\s+available\s+channels?\b",
    r"no\s+channels?\s+available\b",
    "无可用(?:的)?渠道",
    "没有可用(?:的)?渠道",
    "可用渠道(?:不存在|失败)",
)

OUT_OF_MONEY = _words(
    r"insufficient[_\s]+(?:user[_\s]+|account[_\s]+)?(?:quota|balance|credits?|funds)",
    r"(?:quota|balance|credits?)\s+(?:is|are)\s+(?:not\s+enough|insufficient|exhausted)",
    r"not\s+enough\s+(?:quota|credits?|balance)",
    r"credit\s+balance\s+is\s+too\s+low",
    r"reached\s+your\s+specified\s+API\s+usage\s+limits",
    r"budget\s+has\s+been\s+exceeded",
    r"ExceededBudget",
    r"requires\s+more\s+credits",
    r"exceeded\s+your\s+current\s+quota(?!.{0,2000}\bretry\s+in\b)",
    "(?:额度|余额|配额|账户)(?:已)?(?:不足|用尽|耗尽)",
    "预扣费",
    "欠费",
)

REGION_REFUSED = _words(r"\b(?:country|region|territory|location)\b.{0,60}?\bnot\s+supported\b")

TOO_LONG = _words(
    r"\bcontext[_\s]+(?:length|window|size)\b",
    r"\bmaximum\s+context\b",
    r"\bmax_new_tokens\b.{0,40}\bmust\s+(?:be\s+<=|not\s+exceed)",
    r"\btoo\s+many\s+(?:input\s+)?tokens\b",
    r"\bprompt\s+is\s+too\s+long\b",
)

KEY_REFUSED = _words(
    r"\bAPI[\s_-]?key\b.{0,60}?\b(?:not\s+valid|not\s+found|expired|invalid|incorrect|missing)\b",
    r"\b(?:invalid|incorrect|expired|missing|no)\s+(?:API[\s_-]?key|auth(?:entication|orization)?\b)",
    r"\bunauthori[sz]ed\b",
    r"\b(?:invalid|expired)\s+(?:access|auth|bearer)\s+token\b",
    "无效的?(?:令牌|密钥|API)",
    "未提供令牌",
    "令牌(?:已过期|状态不可用|无效|不存在)",
)

NO_ACCESS = _words(
    r"\b(?:not\s+have|no|lacks?)\s+(?:the\s+)?(?:access|permission)\b",
    r"\bnot\s+(?:allowed|authori[sz]ed|permitted)\s+to\s+(?:access|use|call)\b",
    "(?:无权|没有权限)",
)

_MODEL = r"\bmodel(?:\s+(?:id|name))?\s*[:=]?\s*(?:[\"'`][^\"'`]{1,160}[\"'`]|[^\s\"'`]{1,160})?\s*"
MODEL_UNKNOWN = _words(
    _MODEL + r"(?:is\s+|was\s+|has\s+been\s+)?(?:currently\s+)?(?:not\s+found|does\s+not\s+exist|doesn't\s+exist|"
    r"not\s+exist|not\s+supported|unsupported|not\s+available|no\s+longer\s+available|unknown|invalid|not\s+valid|"
    r"deprecated|decommissioned|retired)\b",
    r"\b(?:unknown|invalid|unsupported|no\s+such|non-?existent|unrecognized)\s+model\b",
    r"\bnot\s+a\s+valid\s+model\b",
    r"\b(?:cannot|can't|could\s+not|couldn't)\s+find\s+(?:the\s+)?model\b",
    r"\bLLM\s+provider\s+not\s+provided\b",
    "模型.{0,100}?(?:不存在|不支持|未找到|已下线|已停用)",
    "(?:不支持|未知|无效)(?:该|此|的)?模型",
)

OVERLOADED = _words(
    r"\boverloaded\b",
    r"\b(?:at|over|out\s+of)\s+capacity\b",
    r"\bcapacity\s+exceeded\b",
    "负载已?饱和",
    "(?:系统|服务器?)繁忙",
)

TOO_OFTEN = _words(r"\brate[\s_-]?limit", r"\btoo\s+many\s+requests\b", "请求(?:过于|太)?频繁", "速率限制")

FIREWALL = _words(r"\berror\s+code:\s*10\d\d\b", r"\battention\s+required\b", r"\bRequest\s+blocked\b")
