WITH written AS (
  UPDATE messages SET status = :param_3, due_at = known.due_at, attempts = (
    messages.attempts - known.attempts_back
  ), unknowns = (
    messages.unknowns + :unknowns_1
  ), carrier_message_id = known.carrier_id, reason = known.reason, claimed_at = :param_4, sent_at = :param_5, claimed_by = :param_6, updated_at = :param_7
  FROM UNNEST(CAST(:param_8 AS BIGINT[]), CAST(:param_9 AS TEXT[]), CAST(:param_10 AS INT[]), CAST(:param_11 AS TEXT[]), CAST(:param_12 AS TEXT[]), CAST(:param_13 AS TIMESTAMPTZ[]), CAST(:param_14 AS INT[])) AS known(id, worker, attempts, reason, carrier_id, due_at, attempts_back)
  WHERE
    messages.id = known.id
    AND messages.claimed_by = known.worker
    AND messages.attempts = known.attempts
    AND messages.status IN (:status_1_1, :status_1_2, :status_1_3, :status_1_4)
  RETURNING messages.id, known.attempts, known.reason
), logged AS (
  INSERT INTO message_attempts (
    message,
    attempt,
    at,
    became,
    reason
  )
  SELECT
    written.id AS id,
    written.attempts AS attempts,
    :param_1 AS anon_1,
    :param_2 AS anon_2,
    written.reason AS reason
  FROM written
)
SELECT
  written.id
FROM written
