"""What each figure of the HTML report means, in a sentence, for readers who know none of it."""

from monitor.alerting.phrases import Bilingual
from monitor.cli.report_html.texts import TEXTS, Text

DEFINITIONS: tuple[tuple[Bilingual, Bilingual], ...] = (
    (
        TEXTS[Text.AVAILABILITY],
        (
            "Successful probes among those that count: on their fixed rhythm, no maintenance, no fault of the monitor.",
            "집계된 프로브 중 성공한 비율. 정해진 주기의 프로브만 집계하며, 점검과 모니터 자체 문제는 제외합니다.",
        ),
    ),
    (
        TEXTS[Text.COVERAGE],
        (
            "How much of what was due to be probed gave a result that counts. Availability speaks of this part only.",
            "예정된 프로브 중 집계할 결과를 얻은 비율. 가용률은 이 부분에 대한 수치입니다.",
        ),
    ),
    (
        ("p50, p95, p99", "p50, p95, p99"),
        (
            "Half, 95 % and 99 % of the successful answers came within this time.",
            "성공한 응답의 절반, 95 %, 99 %가 이 시간 안에 도착했습니다.",
        ),
    ),
    (("TTFT", "TTFT"), ("Time to the first token of a streamed answer.", "스트리밍 응답의 첫 토큰까지 걸린 시간.")),
    (
        TEXTS[Text.DOWNTIME],
        (
            "Time within outages, from the first failed probe to recovery; of an endpoint, while any check was down.",
            "첫 실패부터 복구까지의 시간. 엔드포인트는 체크가 하나라도 장애인 시간.",
        ),
    ),
    (
        ("MTTR, MTBF", "MTTR, MTBF"),
        (
            "Mean time from the start of an outage to its end, and mean time of working between outages.",
            "장애 시작부터 복구까지의 평균 시간, 장애 사이 정상 동작 평균 시간.",
        ),
    ),
    (
        TEXTS[Text.COST],
        (
            "What the probes themselves used, by known prices, in US dollars.",
            "프로브가 사용한 비용. 알려진 가격 기준, 미국 달러.",
        ),
    ),
)
