/** Schemas of numbers in records and requests: each is finite and has bounds, so that what is written can be read again. */
import { Schema } from "effect"
import * as RecordLimits from "./RecordLimits.ts"

/** A whole number between two others. */
export const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** In ms since 1970: any that JavaScript's dates hold. Source: https://tc39.es/ecma262/#sec-time-values-and-time-range */
export const Time = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 8_640_000_000_000_000 }))

/** A count, from 0 on. */
export const Count = between(0, RecordLimits.largestNumber)

/** As Java's `int`, which is what clients of these fields expect. */
export const Int32 = between(-2_147_483_648, 2_147_483_647)

/** A part or a percentage. */
export const Progress = Schema.Finite.check(Schema.isBetween({ minimum: -1_000_000, maximum: 1_000_000 }))
