SELECT
  audience.language,
  audience.area,
  audience.suppression_reason,
  COUNT(*) AS count_1
FROM (
  SELECT
    CASE
      WHEN (
        people.language = ANY(
          CAST(:param_1 AS TEXT[])
        )
      )
      THEN people.language
      ELSE :param_2
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
              CAST(:param_3 AS TEXT[])
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
              CAST(:param_4 AS TEXT[])
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
                    CAST(:param_5 AS TEXT[])
                  )
                  AND person_roles.areas && CAST(:param_6 AS TEXT[])
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
                    CAST(:param_7 AS TEXT[])
                  )
              )
            )
          )
        )
        THEN :param_8
        ELSE NULL
      END,
      (
        SELECT
          MAX(subscriptions.area) AS max_1
        FROM subscriptions
        WHERE
          subscriptions.phone_key = people.phone_key
          AND subscriptions.area = ANY(
            CAST(:param_3 AS TEXT[])
          )
      )
    ) AS area,
    CASE
      WHEN (
        people.phone_key IS NULL
      )
      THEN :param_9
      WHEN (
        EXISTS(
          SELECT
            *
          FROM opt_outs
          WHERE
            opt_outs.phone_key = people.phone_key
        )
      )
      THEN :param_10
      WHEN CASE
        WHEN (
          people.id - :id_1 >= :param_11 AND people.id - :id_1 < :param_12
        )
        THEN GET_BIT(CAST(:param_13 AS BYTEA), people.id - :id_1) = :get_bit_1
        ELSE FALSE
      END
      THEN :param_14
      ELSE NULL
    END AS suppression_reason
  FROM people
  WHERE
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
              CAST(:param_15 AS TEXT[])
            )
            AND person_roles.areas && CAST(:param_16 AS TEXT[])
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
              CAST(:param_17 AS TEXT[])
            )
        )
      )
    )
) AS audience
GROUP BY
  audience.language,
  audience.area,
  audience.suppression_reason
