WITH recipients AS MATERIALIZED (
  SELECT
    people.id AS id,
    people.phone_sealed AS phone_sealed,
    people.phone_key AS phone_key,
    CASE
      WHEN (
        people.language = ANY(
          CAST(:param_15 AS TEXT[])
        )
      )
      THEN people.language
      ELSE :param_16
    END AS language,
    COALESCE(
      GREATEST(
        (
          SELECT
            MAX(subscriptions.area) AS max_1
          FROM subscriptions
          WHERE
            subscriptions.phone_key = people.phone_key
            AND subscriptions.area = ANY(
              CAST(:param_17 AS TEXT[])
            )
            AND withdrawn_at IS NULL
        ),
        (
          SELECT
            MAX(role_area.code) AS max_2
          FROM person_roles
          JOIN UNNEST(person_roles.areas) AS role_area(code)
            ON TRUE
          WHERE
            person_roles.person = people.id
            AND role_area.code = ANY(
              CAST(:param_18 AS TEXT[])
            )
        )
      ),
      CASE
        WHEN (
          people.phone_key IS NOT NULL
          AND (
            (
              EXISTS(
                SELECT
                  *
                FROM person_roles
                WHERE
                  person_roles.person = people.id
                  AND person_roles.role = ANY(
                    CAST(:param_19 AS TEXT[])
                  )
                  AND person_roles.areas && CAST(:param_20 AS TEXT[])
              )
            )
            OR (
              EXISTS(
                SELECT
                  *
                FROM subscriptions
                WHERE
                  subscriptions.phone_key = people.phone_key
                  AND withdrawn_at IS NULL
                  AND subscriptions.area = ANY(
                    CAST(:param_21 AS TEXT[])
                  )
              )
            )
          )
        )
        THEN :param_22
        ELSE NULL
      END,
      (
        SELECT
          MAX(subscriptions.area) AS max_1
        FROM subscriptions
        WHERE
          subscriptions.phone_key = people.phone_key
          AND subscriptions.area = ANY(
            CAST(:param_17 AS TEXT[])
          )
      )
    ) AS area,
    CASE
      WHEN (
        people.phone_key IS NULL
      )
      THEN :param_23
      WHEN (
        EXISTS(
          SELECT
            *
          FROM opt_outs
          WHERE
            opt_outs.phone_key = people.phone_key
        )
      )
      THEN :param_24
      WHEN (
        NOT (
          people.phone_key IS NOT NULL
          AND (
            (
              EXISTS(
                SELECT
                  *
                FROM person_roles
                WHERE
                  person_roles.person = people.id
                  AND person_roles.role = ANY(
                    CAST(:param_25 AS TEXT[])
                  )
                  AND person_roles.areas && CAST(:param_26 AS TEXT[])
              )
            )
            OR (
              EXISTS(
                SELECT
                  *
                FROM subscriptions
                WHERE
                  subscriptions.phone_key = people.phone_key
                  AND withdrawn_at IS NULL
                  AND subscriptions.area = ANY(
                    CAST(:param_27 AS TEXT[])
                  )
              )
            )
          )
        )
      )
      THEN :param_28
      WHEN CASE
        WHEN (
          people.id - :id_1 >= :param_29 AND people.id - :id_1 < :param_30
        )
        THEN GET_BIT(CAST(:param_31 AS BYTEA), people.id - :id_1) = :get_bit_1
        ELSE FALSE
      END
      THEN :param_32
      ELSE NULL
    END AS suppression_reason
  FROM UNNEST(CAST(:param_33 AS BIGINT[])) AS chunk(id)
  JOIN people
    ON people.id = chunk.id
)
INSERT INTO messages (
  class,
  channel,
  priority,
  quiet_from,
  quiet_to,
  due_at,
  expires_at,
  attempts,
  unknowns,
  created_at,
  updated_at,
  appeal,
  status,
  reason,
  phone_sealed,
  phone_key,
  language,
  text,
  encoding,
  parts,
  person,
  area
)
SELECT
  :param_1 AS class,
  :param_2 AS channel,
  :param_3 AS priority,
  :param_4 AS quiet_from,
  :param_5 AS quiet_to,
  :param_6 AS due_at,
  :param_7 AS expires_at,
  :param_8 AS attempts,
  :param_9 AS unknowns,
  :param_10 AS created_at,
  :param_11 AS updated_at,
  :param_12 AS appeal,
  CASE
    WHEN (
      recipients.suppression_reason IS NULL
    )
    THEN :param_13
    ELSE :param_14
  END AS status,
  COALESCE(recipients.suppression_reason, :coalesce_1) AS reason,
  recipients.phone_sealed AS phone_sealed,
  recipients.phone_key AS phone_key,
  recipients.language AS language,
  COALESCE(texts.text, :coalesce_2) AS text,
  COALESCE(texts.encoding, :coalesce_3) AS encoding,
  COALESCE(texts.parts, :coalesce_4) AS parts,
  recipients.id AS person,
  recipients.area AS area
FROM recipients
LEFT OUTER JOIN UNNEST(CAST(:param_34 AS TEXT[]), CAST(:param_35 AS TEXT[]), CAST(:param_36 AS TEXT[]), CAST(:param_37 AS TEXT[]), CAST(:param_38 AS INT[])) AS texts(language, area, text, encoding, parts)
  ON texts.language = recipients.language
  AND texts.area = CASE
    WHEN (
      recipients.area = ANY(
        CAST(:param_39 AS TEXT[])
      )
    )
    THEN recipients.area
    ELSE :param_40
  END ON CONFLICT DO NOTHING
RETURNING messages.person, messages.status
