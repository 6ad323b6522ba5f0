"""What a step of an examination means, and what to do about it, in Korean."""

from types import MappingProxyType

from monitor.domain.diagnosis import Meaning

KOREAN = MappingProxyType(
    {
        Meaning.SECRET_MISSING: (
            "이 엔드포인트에 필요한 값을 읽을 수 없어 설정대로 프로브를 보낼 수 없습니다.",
            "RelayWatch를 실행하는 사용자와 유닛에 표시된 변수나 파일을 설정하세요.",
        ),
        Meaning.CONFIGURATION_DOUBTFUL: (
            "설정은 유효하지만 의도와 다를 수 있습니다.",
            "내용을 확인하세요. `relaywatch config check`가 모든 의심을 보여 줍니다.",
        ),
        Meaning.NAME_UNKNOWN: (
            "리졸버가 그런 이름이 없다고 답했습니다.",
            "base_url의 호스트 철자를 확인하세요. 사설 이름에는 사설 리졸버가 필요합니다.",
        ),
        Meaning.NAME_WITHOUT_ADDRESS: (
            "이름은 있지만 이 서버가 쓸 수 있는 주소가 없습니다.",
            "이름 관리자에게 A 또는 AAAA 레코드를 요청하거나, 이 서버에 해당 주소 체계를 설정하세요.",
        ),
        Meaning.RESOLVER_SILENT: (
            "리졸버가 응답하지 않아 이름에 대해 알 수 없습니다. 이쪽의 문제입니다.",
            "/etc/resolv.conf와 그 리졸버, 그리고 방화벽이 53번 포트를 허용하는지 확인하세요.",
        ),
        Meaning.RESOLVER_FAILED: (
            "리졸버가 실패했다고 답했습니다.",
            "다른 리졸버로 시도해 보세요. 사용 중인 리졸버만 실패한다면 그것을 고쳐야 합니다.",
        ),
        Meaning.NAME_SLOW: (
            "새 연결마다 이름 해석을 먼저 기다립니다.",
            "이 서버에 캐싱 리졸버를 두거나 더 가까운 리졸버를 사용하세요.",
        ),
        Meaning.NAME_FROM_FILE: (
            "주소가 DNS가 아니라 /etc/hosts에서 왔습니다. 엔드포인트가 옮겨도 따라가지 않습니다.",
            "의도한 것이 아니라면 /etc/hosts에서 그 줄을 지우세요.",
        ),
        Meaning.NO_NETWORK: (
            "이 서버는 외부의 어느 호스트에도 닿지 않습니다. 문제는 엔드포인트가 아니라 이쪽에 있습니다.",
            "이 서버의 링크, 기본 경로, 방화벽을 확인하세요. 호스트는 `[connectivity] targets`입니다.",
        ),
        Meaning.PORT_REFUSED: (
            "서버는 있지만 이 포트에서 듣는 프로그램이 없거나 방화벽이 거절합니다.",
            "base_url의 포트와 서버가 실행 중인지 확인하세요.",
        ),
        Meaning.PORT_SILENT: (
            "아무 응답이 없습니다. 패킷이 도중에 버려지거나 서버가 사라졌습니다.",
            "나가는 연결의 방화벽 규칙을 확인하고, 프록시만 허용된다면 `proxy`를 설정하세요.",
        ),
        Meaning.NO_ROUTE: (
            "이 서버에는 그 주소로 가는 경로가 없습니다.",
            "이 서버의 경로(`ip route get ADDRESS`)와 끊긴 VPN이 없는지 확인하세요.",
        ),
        Meaning.SOME_SILENT: (
            "일부 주소가 응답하지 않습니다. 새 연결은 0.25초 뒤 다음 주소를 시도합니다.",
            "엔드포인트 운영자에게 알리고, IPv6 전체가 그렇다면 이 서버의 IPv6를 고치거나 끄세요.",
        ),
        Meaning.SOME_REFUSED: (
            "일부 주소가 연결을 거절합니다. 새 연결은 곧바로 다음 주소로 넘어갑니다.",
            "어느 주소가 거절하는지 엔드포인트 운영자에게 알리세요.",
        ),
        Meaning.PROXY_FAILED: (
            "프록시가 엔드포인트로 가는 길을 열어 주지 않습니다.",
            "`proxy` 설정, 프록시 실행 여부, 이 호스트와 포트를 허용하는지 확인하세요.",
        ),
        Meaning.PROXY_CREDENTIALS: (
            "프록시가 다른 사용자나 비밀번호를 요구합니다.",
            "사용자와 비밀번호가 든 전체 URL을 비밀 값으로 만들어 `proxy`에 설정하세요.",
        ),
        Meaning.CERTIFICATE_EXPIRED: (
            "인증서 기간이 끝나 모든 클라이언트가 거부합니다.",
            "엔드포인트 운영자가 갱신해야 합니다. 날짜가 이상하면 이 서버의 시계를 확인하세요.",
        ),
        Meaning.CERTIFICATE_NOT_YET: (
            "인증서 기간이 아직 시작되지 않았습니다.",
            "먼저 이 서버의 시계를, 다음으로 발급자에게 확인하세요.",
        ),
        Meaning.CERTIFICATE_OTHER_NAME: (
            "서버가 다른 이름의 인증서를 보여 줍니다.",
            "base_url의 호스트를 확인하고, 로드 밸런서 뒤라면 이 이름을 아는지 확인하세요.",
        ),
        Meaning.CERTIFICATE_PRIVATE: (
            "이 서버가 신뢰하는 누구도 이 인증서에 서명하지 않았습니다.",
            "사설 인증서라면 `ca_file`에 그 인증 기관을 설정하세요. 아니라면 중간에 누군가 있습니다.",
        ),
        Meaning.CERTIFICATE_REFUSED: (
            "인증서를 받아들일 수 없습니다.",
            "엔드포인트의 인증서를 갱신하거나 고치세요.",
        ),
        Meaning.CERTIFICATE_ENDS_SOON: (
            "인증서가 오늘은 유효하지만 곧 끝납니다. 자동 갱신이라면 이미 바뀌었을 것입니다.",
            "제때 갱신되도록 하세요.",
        ),
        Meaning.CHAIN_INCOMPLETE: (
            "서버가 자기 인증서만 보여 줍니다. 중간 인증 기관을 빠뜨렸거나, 그 기관이 사설입니다.",
            "전체 체인을 제공하세요. 사설 인증 기관이라면 `ca_file`을 설정하세요.",
        ),
        Meaning.TLS_NOT_SPOKEN: (
            "이 포트에서 응답은 있지만 TLS가 아닙니다.",
            "평문이 맞다면 http://를, 아니라면 TLS 포트를 사용하세요.",
        ),
        Meaning.TLS_FAILED: (
            "연결은 되지만 TLS 협상이 되지 않습니다.",
            "엔드포인트 앞의 장비를 확인하세요. TLS를 검사하는 방화벽이나 오래된 버전만 쓰는 서버일 수 있습니다.",
        ),
        Meaning.TLS_OLD: (
            "오래된 TLS 버전으로 연결되었습니다.",
            "엔드포인트 운영자에게 TLS 1.2 또는 1.3을 요청하세요.",
        ),
        Meaning.KEY_IN_THE_CLEAR: (
            "TLS가 없어 경로의 누구나 키를 읽을 수 있습니다.",
            "https://를 사용하거나 신뢰하는 네트워크 안에서만 사용하세요.",
        ),
        Meaning.NO_HTTP_ANSWER: (
            "연결은 되지만 HTTP 응답이 오지 않습니다.",
            "서버가 과부하이거나 멈췄는지, 이 포트가 HTTP인지 확인하세요.",
        ),
        Meaning.REDIRECTED: (
            "엔드포인트가 다른 곳으로 보냅니다. 키가 다른 곳으로 가지 않도록 RelayWatch는 따라가지 않습니다.",
            "base_url을 API가 실제로 있는 곳으로 설정하세요.",
        ),
        Meaning.NOT_THE_API: (
            "API가 있어야 할 곳에서 웹 페이지가 응답합니다.",
            "base_url의 경로(대개 /v1로 끝남)와 그 앞의 로그인 페이지나 방화벽을 확인하세요.",
        ),
        Meaning.CLOCK_OFF: (
            "이 서버와 상대 서버의 시계가 다릅니다. 인증서, 토큰, 대기 시간이 시계로 판단됩니다.",
            "`timedatectl`을 확인하세요. 이 서버가 동기화되어 있다면 상대 서버의 시계가 틀린 것입니다.",
        ),
        Meaning.OTHER_PROTOCOL: (
            "응답하는 쪽이 설정과 다른 프로토콜을 사용합니다.",
            "`protocol`을 실제 프로토콜로 설정하세요.",
        ),
        Meaning.OTHER_BASE_URL: (
            "base_url에는 API가 없지만 바로 옆 주소에 있습니다.",
            "base_url을 응답하는 주소로 설정하세요.",
        ),
        Meaning.LIST_ABSENT: (
            "모델 목록은 없지만 모델은 응답합니다.",
            "이 엔드포인트에 `check_models = false`를 설정하세요.",
        ),
        Meaning.KEY_REFUSED: (
            "엔드포인트가 이 키를 모르거나 폐기했습니다.",
            "키가 온전하고 활성 상태이며 이 엔드포인트의 것인지 확인하세요.",
        ),
        Meaning.KEY_MISSING: (
            "엔드포인트가 키를 요구하지만 설정되어 있지 않습니다.",
            '`api_key = { env = "NAME" }`(또는 file, credential)을 설정하세요.',
        ),
        Meaning.KEY_HARMS: (
            "키 없이는 응답하지만 이 키로는 거부합니다.",
            "`api_key`를 지우거나 이 엔드포인트의 키를 설정하세요.",
        ),
        Meaning.LIST_FAILED: (
            "엔드포인트는 응답하지만 모델 목록을 쓸 수 없습니다.",
            "목록이 없는 엔드포인트라면 `check_models = false`를 설정하세요.",
        ),
        Meaning.LIST_LACKS: (
            "설정된 모델이 목록에 없습니다. 별칭이거나 사라졌을 수 있습니다.",
            "모델 자체가 응답하는지 보고, 아니라면 가장 가까운 이름을 사용하세요.",
        ),
        Meaning.MODEL_FAILED: (
            "모델이 제대로 응답하지 않습니다.",
            "이유를 확인하세요.",
        ),
        Meaning.MODEL_DEGRADED: (
            "모델이 응답하지만 온전하지 않습니다.",
            "이유를 확인하세요.",
        ),
        Meaning.PLAIN_ONLY: (
            "모델이 한 번에는 응답하지만 스트리밍은 제대로 하지 않습니다.",
            "이 모델의 `stream`을 끄거나, 스트림을 막는 것이 중간에 있는지 찾으세요.",
        ),
        Meaning.HEADROOM_LOW: (
            "요청 한도가 거의 남지 않았습니다. 프로브는 실제 트래픽과 한도를 나눠 씁니다.",
            "한도가 회복되기를 기다리거나 빈도를 낮추거나 더 높은 한도를 요청하세요.",
        ),
    }
)
