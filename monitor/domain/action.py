"""What a person should do about a failure: one code per advice, with its sentence in every language.

The database and the classification carry the code; sentences are chosen where they are shown.
"""

from enum import StrEnum
from types import MappingProxyType


class Language(StrEnum):
    """The languages in which RelayWatch speaks to people."""

    EN = "en"
    KO = "ko"


class Action(StrEnum):
    """One advice."""

    CHECK_NETWORK = "check_network"
    CHECK_ENDPOINT = "check_endpoint"
    CHECK_PROXY = "check_proxy"
    RENEW_CERTIFICATE = "renew_certificate"
    WAIT_OR_SWITCH = "wait_or_switch"
    CHECK_KEY = "check_key"
    REQUEST_ACCESS = "request_access"
    SLOW_DOWN = "slow_down"
    ADD_CREDIT = "add_credit"
    CHECK_MODEL = "check_model"
    CHECK_MODEL_AND_URL = "check_model_and_url"
    CHECK_BASE_URL = "check_base_url"
    CHECK_ADDRESS = "check_address"
    CHECK_REQUEST = "check_request"
    CHECK_PROTOCOL = "check_protocol"
    CHECK_REGION = "check_region"
    CHECK_RESPONSE = "check_response"
    CHECK_ROUTING = "check_routing"
    CHECK_CACHE = "check_cache"
    CHECK_ANSWER = "check_answer"
    ASK_ANEW = "ask_anew"
    REPORT_BUG = "report_bug"
    RAISE_CAP = "raise_cap"


STAND_INS = frozenset({Action.CHECK_ROUTING, Action.CHECK_CACHE})
"""What is advised where somebody else answered than was asked."""

_SENTENCES = MappingProxyType(
    {
        Action.CHECK_NETWORK: (
            "Check name resolution and the route from this machine to the endpoint.",
            "이 서버에서 엔드포인트까지의 이름 해석과 네트워크 경로를 확인하세요.",
        ),
        Action.CHECK_ENDPOINT: (
            "Check the endpoint's own status page and whether its server runs.",
            "엔드포인트의 상태 페이지와 서버가 실행 중인지 확인하세요.",
        ),
        Action.CHECK_PROXY: (
            "Check the configured proxy.",
            "설정된 프록시를 확인하세요.",
        ),
        Action.RENEW_CERTIFICATE: (
            "Renew or correct the endpoint's TLS certificate, or set `ca_file` if it is signed privately.",
            "엔드포인트의 TLS 인증서를 갱신하거나 고치고, 사설 인증서라면 `ca_file`을 설정하세요.",
        ),
        Action.WAIT_OR_SWITCH: (
            "Switch traffic to another model or provider until it recovers.",
            "복구될 때까지 다른 모델이나 제공자로 트래픽을 전환하세요.",
        ),
        Action.CHECK_KEY: (
            "Check that the API key is valid, active and belongs to this endpoint.",
            "API 키가 유효하고 활성 상태이며 이 엔드포인트의 것인지 확인하세요.",
        ),
        Action.REQUEST_ACCESS: (
            "Grant the key's project access to this model.",
            "이 키의 프로젝트에 해당 모델 접근 권한을 부여하세요.",
        ),
        Action.SLOW_DOWN: (
            "Lower the request rate or ask for a higher rate limit.",
            "요청 빈도를 낮추거나 더 높은 한도를 요청하세요.",
        ),
        Action.ADD_CREDIT: (
            "Add credit or raise the spending limit of the account.",
            "계정에 크레딧을 충전하거나 지출 한도를 올리세요.",
        ),
        Action.CHECK_MODEL: (
            "Check the model id; the endpoint may have renamed or retired it.",
            "모델 ID를 확인하세요. 엔드포인트에서 이름이 바뀌었거나 종료되었을 수 있습니다.",
        ),
        Action.CHECK_MODEL_AND_URL: (
            "Check the model id, and check base_url: the model list gives 404 too.",
            "모델 ID와 base_url을 확인하세요. 모델 목록도 404를 반환합니다.",
        ),
        Action.CHECK_BASE_URL: (
            "Check base_url, or set `check_models = false` if this endpoint has no model list.",
            "base_url을 확인하세요. 모델 목록이 없는 엔드포인트라면 `check_models = false`로 설정하세요.",
        ),
        Action.CHECK_ADDRESS: (
            "Something other than the API answers here: check base_url, and any login page or firewall before it.",
            "API가 아닌 다른 것이 응답합니다. base_url과 그 앞의 로그인 페이지나 방화벽을 확인하세요.",
        ),
        Action.CHECK_REQUEST: (
            "The endpoint refuses the probe itself: check the options of this endpoint and model.",
            "엔드포인트가 프로브 요청 자체를 거부합니다. 이 엔드포인트와 모델의 설정을 확인하세요.",
        ),
        Action.CHECK_PROTOCOL: (
            'The model is good for something else: set its `protocol` ("openai-embeddings", say), or take it out.',
            '다른 용도의 모델입니다. 모델의 `protocol`을 설정하거나(예: "openai-embeddings") 목록에서 빼세요.',
        ),
        Action.CHECK_ROUTING: (
            "Another answers in its place: check the model and the gateway's routing, or allow it in `answered_by`.",
            "다른 모델이 대신 응답합니다. 모델과 게이트웨이 라우팅을 확인하거나 `answered_by`에 허용하세요.",
        ),
        Action.CHECK_CACHE: (
            "A cache answers in its place, so nothing is known of the model: exempt probes from the gateway's cache.",
            "캐시가 대신 응답하므로 모델의 상태를 알 수 없습니다. 게이트웨이 캐시에서 프로브를 제외하세요.",
        ),
        Action.CHECK_ANSWER: (
            "The model answers, but not as `expect` says: look at the answer, and switch over if it is wrong.",
            "모델이 응답하지만 `expect` 설정과 다릅니다. 응답을 확인하고 잘못되었다면 다른 모델로 전환하세요.",
        ),
        Action.ASK_ANEW: (
            "Nothing: the next probe asks as this API wants to be asked.",
            "조치할 것이 없습니다. 다음 프로브는 이 API가 원하는 방식으로 질문합니다.",
        ),
        Action.CHECK_REGION: (
            "This machine's address or country is refused: check firewall rules and supported regions.",
            "이 서버의 주소나 국가가 거부되었습니다. 방화벽 규칙과 지원 지역을 확인하세요.",
        ),
        Action.CHECK_RESPONSE: (
            "The answer is not what the API promises: check what stands between here and the API, or switch over.",
            "응답이 API 규격과 다릅니다. 중간 게이트웨이를 확인하거나 다른 모델로 전환하세요.",
        ),
        Action.RAISE_CAP: (
            "Nothing is wrong with the model: RelayWatch does not ask it. Wait, or raise the cap in [cost].",
            "모델의 문제가 아니라 RelayWatch가 질문하지 않는 상태입니다. 기다리거나 [cost]의 한도를 올리세요.",
        ),
        Action.REPORT_BUG: (
            "The probe itself failed: see the log of RelayWatch.",
            "프로브 자체가 실패했습니다. RelayWatch 로그를 확인하세요.",
        ),
    },
)


def sentence(action: Action, language: Language = Language.EN) -> str:
    """The advice as a sentence."""
    english, korean = _SENTENCES[action]
    return korean if language is Language.KO else english
