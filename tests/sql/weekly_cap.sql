SELECT
  appeal_chunks.appeal,
  appeal_chunks.first,
  appeal_chunks.queued_for,
  appeal_chunks.due_at > :due_at_1 AS is_recent
FROM appeal_chunks
WHERE
  appeal_chunks.appeal = ANY(
    CAST(:param_1 AS BIGINT[])
  )
  AND appeal_chunks.first < :first_1
  AND appeal_chunks.first + OCTET_LENGTH(appeal_chunks.queued_for) * :octet_length_1 > :param_2
