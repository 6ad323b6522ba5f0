"""The rulings that rows of errors share: a status, who must act, and how."""

from monitor.domain.action import Action
from monitor.domain.result import FaultDomain, Status
from monitor.domain.rulings import Ruling

ALIVE = Ruling(Status.UP)
OUR_REQUEST = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_REQUEST)
OTHER_PROTOCOL = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_PROTOCOL)
LOADING = Ruling(Status.OVERLOADED, FaultDomain.MODEL, Action.WAIT_OR_SWITCH, loading=True)
MODEL_BUSY = Ruling(Status.OVERLOADED, FaultDomain.MODEL, Action.WAIT_OR_SWITCH)
BUSY = Ruling(Status.OVERLOADED, FaultDomain.ENDPOINT, Action.WAIT_OR_SWITCH)
BROKEN = Ruling(Status.SERVER_ERROR, FaultDomain.ENDPOINT, Action.CHECK_ENDPOINT)
MODEL_DOWN = Ruling(Status.SERVER_ERROR, FaultDomain.MODEL, Action.WAIT_OR_SWITCH)
TOO_LATE = Ruling(Status.TIMEOUT, FaultDomain.ENDPOINT, Action.WAIT_OR_SWITCH)
NO_MONEY = Ruling(Status.QUOTA_EXCEEDED, FaultDomain.QUOTA, Action.ADD_CREDIT)
TOO_OFTEN = Ruling(Status.RATE_LIMITED, FaultDomain.QUOTA, Action.SLOW_DOWN)
BAD_KEY = Ruling(Status.AUTH_ERROR, FaultDomain.KEY, Action.CHECK_KEY)
NO_GRANT = Ruling(Status.AUTH_ERROR, FaultDomain.KEY, Action.REQUEST_ACCESS)
NO_MODEL = Ruling(Status.MODEL_NOT_FOUND, FaultDomain.MODEL, Action.CHECK_MODEL)
BAD_URL = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_BASE_URL)
BAD_PLACE = Ruling(Status.CLIENT_ERROR, FaultDomain.MONITOR, Action.CHECK_REGION)
WALL = Ruling(Status.CLIENT_ERROR, FaultDomain.NETWORK, Action.CHECK_REGION)
NOT_PROMISED = Ruling(Status.INVALID_RESPONSE, FaultDomain.ENDPOINT, Action.CHECK_RESPONSE)
