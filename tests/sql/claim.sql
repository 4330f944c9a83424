WITH picked AS (
  SELECT
    messages.id AS id,
    messages.class = 'appeal'
    AND (
      (
        EXISTS(
          SELECT
            *
          FROM opt_outs
          WHERE
            opt_outs.phone_key = messages.phone_key
        )
      )
      OR (
        EXISTS(
          SELECT
            *
          FROM subscriptions
          WHERE
            subscriptions.phone_key = messages.phone_key
            AND subscriptions.withdrawn_at >= messages.created_at
        )
      )
    ) AS opted_out,
    (
      SELECT
        holds.becomes
      FROM holds
      WHERE
        holds.appeal = messages.appeal
    ) AS hold_status,
    (
      SELECT
        holds.reason
      FROM holds
      WHERE
        holds.appeal = messages.appeal
    ) AS hold_reason
  FROM messages
  WHERE
    messages.channel = :channel_1
    AND messages.status = 'queued'
    AND messages.due_at <= :due_at_1
    AND messages.priority >= :priority_1
    AND NOT (
      EXISTS(
        SELECT
          *
        FROM channel_states
        WHERE
          channel_states.channel = :channel_2 AND channel_states.state = 'paused'
      )
    )
  ORDER BY
    messages.priority,
    messages.due_at,
    messages.id
  LIMIT :param_19   FOR UPDATE SKIP LOCKED
)
UPDATE messages SET status = CASE
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
    AND NOT CASE
      WHEN (
        messages.quiet_from IS NOT NULL
      )
      THEN :param_1 >= messages.quiet_from
      AND :param_1 < messages.quiet_to
      OR messages.quiet_to < messages.quiet_from
      AND (
        :param_1 >= messages.quiet_from OR :param_1 < messages.quiet_to
      )
      ELSE messages.class IN (:class_1_1, :class_1_2)
    END
  )
  THEN :param_2
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
  )
  THEN :param_3
  WHEN picked.opted_out
  THEN :param_4
  ELSE COALESCE(picked.hold_status, :coalesce_1)
END, due_at = CASE
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
    AND CASE
      WHEN (
        messages.quiet_from IS NOT NULL
      )
      THEN :param_1 >= messages.quiet_from
      AND :param_1 < messages.quiet_to
      OR messages.quiet_to < messages.quiet_from
      AND (
        :param_1 >= messages.quiet_from OR :param_1 < messages.quiet_to
      )
      ELSE messages.class IN (:class_1_1, :class_1_2)
    END
  )
  THEN CASE
    WHEN (
      messages.quiet_from IS NOT NULL
    )
    THEN :param_5 + (
      messages.quiet_to - :param_6
    ) + CASE
      WHEN (
        messages.quiet_to <= :param_6
      )
      THEN :param_7
      ELSE :param_8
    END
    ELSE :param_9
  END
  ELSE messages.due_at
END, expires_at = CASE
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
    AND CASE
      WHEN (
        messages.quiet_from IS NOT NULL
      )
      THEN :param_1 >= messages.quiet_from
      AND :param_1 < messages.quiet_to
      OR messages.quiet_to < messages.quiet_from
      AND (
        :param_1 >= messages.quiet_from OR :param_1 < messages.quiet_to
      )
      ELSE messages.class IN (:class_1_1, :class_1_2)
    END
  )
  THEN CASE
    WHEN (
      messages.quiet_from IS NOT NULL
    )
    THEN :param_5 + (
      messages.quiet_to - :param_6
    ) + CASE
      WHEN (
        messages.quiet_to <= :param_6
      )
      THEN :param_7
      ELSE :param_8
    END
    ELSE :param_9
  END + (
    messages.expires_at - messages.due_at
  )
  ELSE messages.expires_at
END, attempts = (
  messages.attempts + CASE
    WHEN (
      NOT picked.opted_out
      AND picked.hold_status IS NULL
      AND messages.phone_sealed IS NOT NULL
      AND messages.expires_at > :expires_at_1
      AND NOT CASE
        WHEN (
          messages.quiet_from IS NOT NULL
        )
        THEN :param_1 >= messages.quiet_from
        AND :param_1 < messages.quiet_to
        OR messages.quiet_to < messages.quiet_from
        AND (
          :param_1 >= messages.quiet_from OR :param_1 < messages.quiet_to
        )
        ELSE messages.class IN (:class_1_1, :class_1_2)
      END
    )
    THEN :param_10
    ELSE :param_11
  END
), reason = CASE
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
  )
  THEN messages.reason
  WHEN picked.opted_out
  THEN :param_12
  WHEN (
    picked.hold_status IS NOT NULL
  )
  THEN picked.hold_reason
  WHEN (
    messages.phone_sealed IS NOT NULL
  )
  THEN :param_13
  ELSE :param_14
END, claimed_at = CASE
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
    AND NOT CASE
      WHEN (
        messages.quiet_from IS NOT NULL
      )
      THEN :param_1 >= messages.quiet_from
      AND :param_1 < messages.quiet_to
      OR messages.quiet_to < messages.quiet_from
      AND (
        :param_1 >= messages.quiet_from OR :param_1 < messages.quiet_to
      )
      ELSE messages.class IN (:class_1_1, :class_1_2)
    END
  )
  THEN :param_15
END, claimed_by = CASE
  WHEN (
    NOT picked.opted_out
    AND picked.hold_status IS NULL
    AND messages.phone_sealed IS NOT NULL
    AND messages.expires_at > :expires_at_1
    AND NOT CASE
      WHEN (
        messages.quiet_from IS NOT NULL
      )
      THEN :param_1 >= messages.quiet_from
      AND :param_1 < messages.quiet_to
      OR messages.quiet_to < messages.quiet_from
      AND (
        :param_1 >= messages.quiet_from OR :param_1 < messages.quiet_to
      )
      ELSE messages.class IN (:class_1_1, :class_1_2)
    END
  )
  THEN :param_16
END, updated_at = :updated_at
FROM picked
WHERE
  messages.id = picked.id
RETURNING messages.id, messages.class, messages.status, messages.channel, messages.phone_sealed, messages.phone_key, messages.text, messages.encoding, messages.parts, messages.ticket, messages.language, messages.priority, messages.due_at, messages.expires_at, messages.quiet_from, messages.quiet_to, messages.attempts, messages.unknowns, messages.carrier_message_id, messages.reason, messages.claimed_at, messages.resend_of, messages.appeal, messages.person, messages.area, messages.sent_at, messages.claimed_by, messages.created_at, messages.updated_at
