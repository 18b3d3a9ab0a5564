import * as MemoryLimits from "../src/limits/MemoryLimits.ts"
import { limitsContract } from "./LimitsContract.ts"

limitsContract("a process", MemoryLimits.layer)
